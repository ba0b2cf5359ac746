package mysql

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// ReadDomainSettings reads how WHMCS itself is set up to sync domains. A setting that is absent is off, or 0 days;
// that the switch of the whole sync is absent is told, because nothing says what WHMCS does then. It
// needs DomainFeatures.Settings. Errors are those of a query.
func (d *DB) ReadDomainSettings(ctx context.Context) (whmcs.DomainSettings, error) {
	const op = "read the settings for domains"
	values := map[string]string{}
	err := d.query(ctx, func(rows *sql.Rows) error {
		var name string
		var value text
		err := rows.Scan(&name, &value)
		values[name] = strings.TrimSpace(value.value)
		return err
	}, `SELECT setting, value FROM tblconfiguration
		WHERE setting IN ('DomainSyncEnabled', 'DomainSyncNotifyOnly', 'DomainSyncNextDueDate', 'DomainSyncNextDueDateDays')`)
	if err != nil {
		return whmcs.DomainSettings{}, d.fail(op, selectSettings, err)
	}
	_, told := values["DomainSyncEnabled"]
	settings := whmcs.DomainSettings{
		SyncUnknown: !told,
		SyncEnabled: flag(values["DomainSyncEnabled"]),
		NotifyOnly:  flag(values["DomainSyncNotifyOnly"]),
		NextDueDate: flag(values["DomainSyncNextDueDate"]),
	}
	days, valid := dueDays(values["DomainSyncNextDueDateDays"])
	settings.NextDueDateDays, settings.NoDays = days, !valid
	return settings, nil
}

func dueDays(value string) (days int, valid bool) {
	if value == "" {
		return 0, true
	}
	days, err := strconv.Atoi(value)
	if err != nil || days < 0 || days > 366 {
		return 0, false
	}
	return days, true
}

// AdminMails are the addresses of the administrators who are not disabled and whose role receives the system mails,
// normalised, sorted and each once; what is no address is left out. It needs DomainFeatures.Admins.
func (d *DB) AdminMails(ctx context.Context) ([]string, error) {
	var mails []string
	err := d.query(ctx, func(rows *sql.Rows) error {
		var stored, disabled, receives text
		if err := rows.Scan(&stored, &disabled, &receives); err != nil {
			return err
		}
		if mail, err := whmcs.NormalizeEmail(stored.value); err == nil && !flag(disabled.value) && flag(receives.value) {
			mails = append(mails, mail)
		}
		return nil
	}, "SELECT a.email, a.disabled, r.systememails FROM tbladmins a JOIN tbladminroles r ON r.id = a.roleid")
	slices.Sort(mails)
	return slices.Compact(mails), d.fail("read who gets the system mails", selectAdmins, err, selectRoles)
}
