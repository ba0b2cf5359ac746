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

// WriteDomain writes what differs between Old and New, if all six columns of the row still hold Old. False: they do
// not, nothing was done, and current is what they hold, which is New when somebody else did the same. An unset date of
// Old stands for NULL, for 0000-00-00 and for what is no day of the calendar.
//
// fault.Refused before the database is asked: see DomainWrite.Check. fault.Auth: the features say that we may
// not write auto-renew and ID protection, or move invoice items, and that is asked for. fault.NotFound: the domain is gone. Tables that know no transaction are
// guarded too, but there the items follow the domain and may be left behind by a crash.
func (d *DB) WriteDomain(ctx context.Context, features whmcs.DomainFeatures, write whmcs.DomainWrite) (changed bool, current whmcs.DomainValues, err error) {
	op := fmt.Sprintf("write domain %d", write.ID)
	if err := write.Check(civil.Of(d.now())); err != nil {
		return false, current, fault.New(fault.Refused, d.name, op, "%w", err)
	}
	if err := d.mayWrite(op, features, write); err != nil {
		return false, current, err
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

func (d *DB) mayWrite(op string, features whmcs.DomainFeatures, write whmcs.DomainWrite) error {
	switch {
	case write.Switches() && !features.WriteSettings:
		return fault.New(fault.Auth, d.name, op, "%s: %s", withoutSettings, d.grant(updateSettings))
	case write.InvoiceItems && !features.InvoiceItems:
		return fault.New(fault.Auth, d.name, op, "items of invoices may not be moved: %s",
			d.grants([]right{selectInvoices, selectItems, updateItems}))
	}
	return nil
}

// storedDomain is what the six columns hold, as text: "" for NULL.
type storedDomain struct{ status, expiry, due, bill, doNotRenew, protection string }

func (s storedDomain) values() whmcs.DomainValues {
	return whmcs.DomainValues{
		Status: whmcs.DomainStatus(s.status), Expiry: day([]byte(s.expiry)), NextDue: day([]byte(s.due)), NextInvoice: day([]byte(s.bill)),
		DoNotRenew: flag(s.doNotRenew), IDProtection: flag(s.protection),
	}
}

func (s storedDomain) list() []any {
	return []any{s.status, s.expiry, s.due, s.bill, s.doNotRenew, s.protection}
}

// storedText are the six columns as text, for a comparison in which NULL and zero dates are values like any other.
var storedText = []string{
	asText("status"), asText("expirydate"), asText("nextduedate"), asText("nextinvoicedate"), asText("donotrenew"), asText("idprotection"),
}

func asText(column string) string { return "COALESCE(CAST(" + column + " AS CHAR), '')" }

// swapDomain compares in our own words what an unset date is, and then has the server compare with what was read: so
// an edit that came in between is seen where a lock is none.
func (d *DB) swapDomain(ctx context.Context, tx *sql.Tx, features whmcs.DomainFeatures, write whmcs.DomainWrite) (bool, whmcs.DomainValues, error) {
	stored, err := d.lockDomain(ctx, tx, write.ID)
	if err != nil || stored.values() != write.Old {
		return false, stored.values(), err
	}
	set, args := domainSet(features, write)
	args = append(append(args, write.ID), stored.list()...)
	result, err := tx.ExecContext(ctx, "UPDATE tbldomains SET "+set+" WHERE id = ? AND "+strings.Join(storedText, " = ? AND ")+" = ?", args...)
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
	row := tx.QueryRowContext(ctx, "SELECT "+strings.Join(storedText, ", ")+" FROM tbldomains WHERE id = ? FOR UPDATE", id)
	err := row.Scan(&s.status, &s.expiry, &s.due, &s.bill, &s.doNotRenew, &s.protection)
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
	if write.Old.DoNotRenew != write.New.DoNotRenew {
		set("donotrenew", write.New.DoNotRenew)
	}
	if write.Old.IDProtection != write.New.IDProtection {
		set("idprotection", write.New.IDProtection)
	}
	if features.Synced {
		set("synced", 1)
	}
	if features.WriteUpdatedAt {
		sets = append(sets, "updated_at = NOW()")
	}
	return strings.Join(sets, ", "), args
}
