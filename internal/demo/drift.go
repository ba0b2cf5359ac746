package demo

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/holding"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// drift counts the domains on which both sides differ, by how they came to.
type drift map[string]int

// The ways in which the sides come to differ, in the order in which they are told.
const (
	renewedInWHMCS = "renewed through WHMCS, which has the old date"
	renewedOutside = "renewed at the registrar only"
	shifted        = "a few days apart"
	invoiced       = "due at another day, with an invoice out or paid"
	switched       = "settings apart"
	revived        = "renewed after they had expired"
	lapsed         = "lapsed"
	finished       = "registrations and transfers that ended"
	missing        = "missing at the registrar"
	nonsense       = "with an impossible date or an unknown status"
)

// String is a line for each way.
func (d drift) String() string {
	var lines strings.Builder
	for _, way := range []string{
		renewedInWHMCS, renewedOutside, shifted, invoiced, switched, revived, lapsed, finished, missing, nonsense,
	} {
		if d[way] > 0 {
			fmt.Fprintf(&lines, "    %4d %s\n", d[way], way)
		}
	}
	return lines.String()
}

// dueDays is how long before its expiry a domain is due: what the settings of the WHMCS-like database say.
const dueDays = 10

// populateRegistrar makes domains on which both sides agree, and then lets some of them differ.
func (w *world) populateRegistrar(ctx context.Context, n int) (err error) {
	today := civil.Of(time.Now())
	if w.holdings, err = holding.Load(ctx, w.dsn, n, today); err != nil {
		return err
	}
	db, err := sql.Open("mysql", w.dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := w.align(ctx, db); err != nil {
		return err
	}
	nth := map[whmcs.DomainStatus]int{} // domains of each status so far
	for _, domain := range w.holdings {
		held, way := part(domain, nth[domain.Row.Status], today)
		nth[domain.Row.Status]++
		if held != nil {
			w.registrar.Seed(*held)
		}
		if way != "" {
			w.drift[way]++
		}
		if way == renewedInWHMCS {
			const paid = `UPDATE tbldomains SET nextduedate = nextduedate + INTERVAL ? DAY, nextinvoicedate = nextinvoicedate + INTERVAL ? DAY WHERE id = ?`
			if _, err := db.ExecContext(ctx, paid, year, year, domain.Row.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// align has active domains due as the setting says, but for those with an invoice.
func (w *world) align(ctx context.Context, db *sql.DB) error {
	const due = `UPDATE tbldomains SET nextduedate = expirydate - INTERVAL ? DAY, nextinvoicedate = expirydate - INTERVAL ? DAY
		WHERE status = 'Active' AND expirydate > '1990-01-01' AND DAY(expirydate) > 0 AND id NOT IN (SELECT relid FROM tblinvoiceitems WHERE type = 'Domain')`
	if _, err := db.ExecContext(ctx, due, dueDays, dueDays); err != nil {
		return err
	}
	const others = `SELECT count(*) FROM tbldomains WHERE status = 'Active' AND registrar = 'openprovider' AND expirydate > '1990-01-01'
		AND DAY(expirydate) > 0 AND nextduedate <> expirydate - INTERVAL ? DAY`
	var n int
	err := db.QueryRowContext(ctx, others, dueDays).Scan(&n)
	w.drift = drift{invoiced: n}
	return err
}

const year = 365 // days

// part is what the registrar holds of a domain after the sides have drifted apart, nil for nothing, and in which way it
// differs, "" for in none. n numbers the domains of one status.
func part(d holding.Domain, n int, today civil.Date) (*sim.Domain, string) {
	held := d.Held
	switch d.Row.Status {
	case whmcs.DomainActive:
		return partActive(d, n, today)
	case whmcs.DomainPendingRegistration:
		if n%2 == 0 {
			holding.Renew(&held, today.AddDays(year-1))
			return &held, finished
		}
	case whmcs.DomainPendingTransfer:
		switch n % 10 {
		case 0, 1, 2, 3, 4, 5:
			holding.Renew(&held, today.AddDays(year))
			return &held, finished
		case 6:
			held.Status = "FAI"
			return &held, finished
		}
	default:
		if n%5 == 0 {
			holding.Renew(&held, today.AddDays(300))
			return &held, revived
		}
	}
	return &held, ""
}

// partActive lets about one in ten active domains differ.
func partActive(d holding.Domain, n int, today civil.Date) (*sim.Domain, string) {
	held, until := d.Held, d.Row.Expiry
	dated := !until.IsZero()
	switch k := n % 1000; {
	case k%200 < 6 && dated:
		holding.Renew(&held, until.AddDays(year))
		return &held, renewedInWHMCS
	case k%200 == 6 && dated:
		holding.Renew(&held, until.AddDays(year))
		return &held, renewedOutside
	case k%200 == 7 && dated:
		holding.Renew(&held, until.AddDays(12))
		return &held, shifted
	case k%200 == 8:
		held.AutoRenew = map[string]string{"on": "off", "off": "on"}[held.AutoRenew]
		return &held, switched
	case k%200 == 9:
		held.Privacy = new(!d.Row.IDProtection)
		return &held, switched
	case k%200 >= 10 && k%200 < 13:
		holding.Delete(&held, today.AddDays(20), today.AddDays(50))
		return &held, lapsed
	case k%500 == 14:
		return nil, missing
	case k == 515:
		held.Deleted, held.Queue, held.Status = true, "transferOut", "DEL"
		return &held, missing
	case k == 16:
		held.Renewal, held.Expiration = "1969-12-31 00:00:00", "1969-12-31 00:00:00"
		return &held, nonsense
	case k == 17:
		held.Status = "XYZ"
		return &held, nonsense
	}
	return &held, ""
}
