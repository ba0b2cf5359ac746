package mysql

import (
	"database/sql"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// domainList is what is read of each domain. Dates travel as text: the driver would round a month 0 to January.
func domainList(features whmcs.DomainFeatures) string {
	premium := "''"
	if features.Premium {
		premium = "is_premium"
	}
	return "id, userid, COALESCE(registrationperiod, 0), domain, registrar, CAST(status AS CHAR), CAST(type AS CHAR), " +
		"CAST(registrationdate AS CHAR), CAST(expirydate AS CHAR), CAST(nextduedate AS CHAR), CAST(nextinvoicedate AS CHAR), " +
		"donotrenew, idprotection, " + premium
}

// domainRow is the scratch space that the rows of one query are scanned into. The bytes are valid until the next row.
type domainRow struct {
	id, client, period              int64
	name, registrar, status, kind   sql.RawBytes
	registered, expiry, due, bill   sql.RawBytes
	doNotRenew, protection, premium sql.RawBytes
}

func (r *domainRow) scan(rows *sql.Rows) (whmcs.Domain, error) {
	err := rows.Scan(&r.id, &r.client, &r.period, &r.name, &r.registrar, &r.status, &r.kind,
		&r.registered, &r.expiry, &r.due, &r.bill, &r.doNotRenew, &r.protection, &r.premium)
	if err != nil {
		return whmcs.Domain{}, err
	}
	return r.domain(), nil
}

func (r *domainRow) domain() whmcs.Domain {
	d := whmcs.Domain{
		ID: r.id, ClientID: r.client, Period: int(r.period),
		RawName:     whmcs.DecodeText(string(r.name)),
		Registrar:   whmcs.DecodeText(string(r.registrar)),
		Status:      whmcs.DomainStatus(r.status),
		Type:        string(r.kind),
		Registered:  day(r.registered),
		Expiry:      day(r.expiry),
		NextDue:     day(r.due),
		NextInvoice: day(r.bill),
		DoNotRenew:  flag(r.doNotRenew), IDProtection: flag(r.protection), Premium: flag(r.premium),
	}
	if d.Expiry.IsZero() && !unset(r.expiry) {
		d.RawExpiry = string(r.expiry)
	}
	return d
}

// day reads a date; what is unset or no day of the calendar is the zero Date.
func day(stored []byte) civil.Date {
	date, err := civil.Parse(string(stored))
	if err != nil {
		return civil.Date{}
	}
	return date
}

func unset(stored []byte) bool {
	return len(stored) == 0 || strings.HasPrefix(string(stored), "0000-00-00")
}

// flag reads yes and no in all forms that versions of WHMCS have stored them in.
func flag[T ~string | ~[]byte](stored T) bool {
	return slices.Contains([]string{"1", "on", "yes", "true"}, strings.ToLower(strings.TrimSpace(string(stored))))
}
