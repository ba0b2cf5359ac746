package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// errMoved is Transient: the next attempt reads the new values first.
var errMoved = errors.New("the client's flags were changed meanwhile")

// OptOut withdraws a client's consent to mass mail: emailoptout = 1 and, where it exists,
// marketing_emails_opt_in = 0, set only if they still are what was read just before. It returns what stood there, what
// stands there now, and whether that is a change. An absent client is fault.NotFound.
func (d *DB) OptOut(ctx context.Context, features whmcs.Features, id int64) (before, after whmcs.MailFlags, changed bool, err error) {
	op := fmt.Sprintf("write the opt-out of client %d", id)
	history, err := d.columns(ctx, insertConsent.table)
	if err != nil {
		return before, after, false, d.fail(op, updateRight(features.OptIn), err)
	}
	after = whmcs.OptedOut(features.OptIn)
	err = d.inTx(ctx, func(tx *sql.Tx) (err error) {
		if before, err = d.lockFlags(ctx, tx, id, features.OptIn); err != nil || before == after {
			return err
		}
		changed, err = d.swapFlags(ctx, tx, id, before, after, history)
		if err == nil && !changed {
			err = errMoved
		}
		return err
	})
	if err != nil {
		return whmcs.MailFlags{}, whmcs.MailFlags{}, false, d.fail(op, updateRight(features.OptIn), err)
	}
	return before, after, changed, nil
}

// UndoOptOut puts the flags back that OptOut returned as before, if the client still holds what OptOut wrote.
// False: somebody has changed the flags since, or the client is gone, and nothing was done.
func (d *DB) UndoOptOut(ctx context.Context, id int64, before whmcs.MailFlags) (bool, error) {
	op := fmt.Sprintf("undo the opt-out of client %d", id)
	history, err := d.columns(ctx, insertConsent.table)
	if err != nil {
		return false, d.fail(op, updateRight(before.HasOptIn), err)
	}
	var undone bool
	err = d.inTx(ctx, func(tx *sql.Tx) (err error) {
		undone, err = d.swapFlags(ctx, tx, id, whmcs.OptedOut(before.HasOptIn), before, history)
		return err
	})
	if err != nil {
		return false, d.fail(op, updateRight(before.HasOptIn), err)
	}
	return undone, nil
}

func updateRight(optIn bool) right {
	if optIn {
		return updateBoth
	}
	return updateOptOut
}

func (d *DB) lockFlags(ctx context.Context, tx *sql.Tx, id int64, hasOptIn bool) (whmcs.MailFlags, error) {
	flags := whmcs.MailFlags{HasOptIn: hasOptIn}
	optIn := "FALSE"
	if hasOptIn {
		optIn = "marketing_emails_opt_in <> 0"
	}
	row := tx.QueryRowContext(ctx, "SELECT emailoptout <> 0, "+optIn+" FROM tblclients WHERE id = ? FOR UPDATE", id)
	err := row.Scan(&flags.OptOut, &flags.OptIn)
	if errors.Is(err, sql.ErrNoRows) {
		return flags, fault.New(fault.NotFound, d.name, "read the flags", "there is no client %d", id)
	}
	return flags, err
}

// swapFlags is the compare-and-set; false when the row does not hold old. The id and the old values also guard tables
// that know no transaction.
func (d *DB) swapFlags(ctx context.Context, tx *sql.Tx, id int64, old, flags whmcs.MailFlags, history columns) (bool, error) {
	set, where := "emailoptout = ?", "id = ? AND (emailoptout <> 0) = ?"
	args := []any{flags.OptOut, id, old.OptOut}
	if old.HasOptIn {
		set += ", marketing_emails_opt_in = ?"
		where += " AND (marketing_emails_opt_in <> 0) = ?"
		args = []any{flags.OptOut, flags.OptIn, id, old.OptOut, old.OptIn}
	}
	result, err := tx.ExecContext(ctx, "UPDATE tblclients SET "+set+" WHERE "+where, args...)
	if err != nil {
		return false, err
	}
	matched, err := result.RowsAffected()
	if err != nil || matched != 1 {
		return false, err
	}
	if old.OptIn != flags.OptIn {
		err = d.noteConsent(ctx, tx, id, flags.OptIn, history)
	}
	return err == nil, err
}

// noteConsent adds to WHMCS's own history of consent, where there is one. A history that cannot be written does not
// keep a person on the list: only trouble that a new attempt can mend is passed on.
func (d *DB) noteConsent(ctx context.Context, tx *sql.Tx, id int64, optIn bool, history columns) error {
	if !history.may(insertConsent) {
		return nil
	}
	err := insert(ctx, tx, insertConsent.table, history, d.now(), map[string]any{
		"userid": id, "opt_in": optIn, "admin": false, "ip_address": "",
	})
	if err != nil && classify(err) == fault.Transient {
		return err
	}
	return nil
}
