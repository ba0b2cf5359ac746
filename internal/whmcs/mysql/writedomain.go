package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// WriteDomain writes what differs between Old and New, if all four columns of the row still hold Old. False: they do
// not, nothing was done, and current is what they hold, which is New when somebody else did the same. An unset date of
// Old stands for NULL, for 0000-00-00 and for what is no day of the calendar.
//
// fault.Refused before the database is asked: see DomainWrite.Check. fault.Auth: invoice items are to be moved and
// features.InvoiceItems says that we may not. fault.NotFound: the domain is gone. Tables that know no transaction are
// guarded too, but there the items follow the domain and may be left behind by a crash.
func (d *DB) WriteDomain(ctx context.Context, features whmcs.DomainFeatures, write whmcs.DomainWrite) (changed bool, current whmcs.DomainValues, err error) {
	op := fmt.Sprintf("write domain %d", write.ID)
	if err := write.Check(civil.Of(d.now())); err != nil {
		return false, current, fault.New(fault.Refused, d.name, op, "%w", err)
	}
	if write.InvoiceItems && !features.InvoiceItems {
		return false, current, fault.New(fault.Auth, d.name, op, "items of invoices may not be moved: %s",
			d.grants([]right{selectInvoices, selectItems, updateItems}))
	}
	err = d.inTx(ctx, func(tx *sql.Tx) (err error) {
		changed, current, err = d.swapDomain(ctx, tx, features, write)
		if changed && write.InvoiceItems && write.Old.NextDue != write.New.NextDue {
			err = d.moveItems(ctx, tx, write.ID, write.Old.NextDue, write.New.NextDue)
		}
		return err
	})
	if err != nil {
		return false, whmcs.DomainValues{}, d.fail(op, updateDomain, err, selectDomains)
	}
	return changed, current, nil
}

// storedDomain is what the four columns hold, as text: "" for NULL.
type storedDomain struct{ status, expiry, due, bill string }

func (s storedDomain) values() whmcs.DomainValues {
	return whmcs.DomainValues{
		Status: whmcs.DomainStatus(s.status), Expiry: day([]byte(s.expiry)), NextDue: day([]byte(s.due)), NextInvoice: day([]byte(s.bill)),
	}
}

// The four columns as text, for a comparison in which NULL and zero dates are values like any other.
const (
	statusText = "COALESCE(CAST(status AS CHAR), '')"
	expiryText = "COALESCE(CAST(expirydate AS CHAR), '')"
	dueText    = "COALESCE(CAST(nextduedate AS CHAR), '')"
	billText   = "COALESCE(CAST(nextinvoicedate AS CHAR), '')"
)

// swapDomain compares in our own words what an unset date is, and then has the server compare with what was read: so
// an edit that came in between is seen where a lock is none.
func (d *DB) swapDomain(ctx context.Context, tx *sql.Tx, features whmcs.DomainFeatures, write whmcs.DomainWrite) (bool, whmcs.DomainValues, error) {
	stored, err := d.lockDomain(ctx, tx, write.ID)
	if err != nil || stored.values() != write.Old {
		return false, stored.values(), err
	}
	set, args := domainSet(features, write)
	args = append(args, write.ID, stored.status, stored.expiry, stored.due, stored.bill)
	result, err := tx.ExecContext(ctx, "UPDATE tbldomains SET "+set+" WHERE id = ? AND "+
		statusText+" = ? AND "+expiryText+" = ? AND "+dueText+" = ? AND "+billText+" = ?", args...)
	if err != nil {
		return false, whmcs.DomainValues{}, err
	}
	matched, err := result.RowsAffected()
	if err != nil || matched == 1 {
		return err == nil, write.New, err
	}
	stored, err = d.lockDomain(ctx, tx, write.ID)
	return false, stored.values(), err
}

func (d *DB) lockDomain(ctx context.Context, tx *sql.Tx, id int64) (storedDomain, error) {
	var s storedDomain
	row := tx.QueryRowContext(ctx, "SELECT "+statusText+", "+expiryText+", "+dueText+", "+billText+" FROM tbldomains WHERE id = ? FOR UPDATE", id)
	err := row.Scan(&s.status, &s.expiry, &s.due, &s.bill)
	if errors.Is(err, sql.ErrNoRows) {
		return s, fault.New(fault.NotFound, d.name, "read the domain", "there is no domain %d", id)
	}
	return s, err
}

// domainSet is what the UPDATE sets: what differs, and the marks of WHMCS's own sync where they exist.
func domainSet(features whmcs.DomainFeatures, write whmcs.DomainWrite) (string, []any) {
	var sets []string
	var args []any
	set := func(column string, value any) {
		sets, args = append(sets, column+" = ?"), append(args, value)
	}
	if write.Old.Status != write.New.Status {
		set("status", string(write.New.Status))
	}
	if write.Old.Expiry != write.New.Expiry {
		set("expirydate", write.New.Expiry.String())
	}
	if write.Old.NextDue != write.New.NextDue {
		set("nextduedate", write.New.NextDue.String())
	}
	if write.Old.NextInvoice != write.New.NextInvoice {
		set("nextinvoicedate", write.New.NextInvoice.String())
	}
	if features.Synced {
		set("synced", 1)
	}
	if features.WriteUpdatedAt {
		sets = append(sets, "updated_at = NOW()")
	}
	return strings.Join(sets, ", "), args
}
