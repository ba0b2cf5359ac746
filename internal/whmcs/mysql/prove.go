package mysql

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	driver "github.com/go-sql-driver/mysql"
)

// ProveOptOutWrite runs the write of an opt-out for no client. It needs Features.WriteOptOut, and changes nothing. The
// error is one of ReadOnly, or that of any statement.
func (d *DB) ProveOptOutWrite(ctx context.Context) error {
	return d.proveWrite(ctx, updateOptOut, "UPDATE tblclients SET emailoptout = emailoptout WHERE id = 0")
}

// ProveDomainWrite runs the write of a status for no domain. It needs DomainFeatures.Write, and changes nothing. The error
// is one of ReadOnly, or that of any statement.
func (d *DB) ProveDomainWrite(ctx context.Context) error {
	return d.proveWrite(ctx, updateDomain, "UPDATE tbldomains SET status = status WHERE id = 0")
}

// proveWrite asks by a statement, not by variables: which of them bind a user depends on rights that it cannot read, and
// on the brand of the server.
func (d *DB) proveWrite(ctx context.Context, need right, statement string) error {
	_, err := d.pool.ExecContext(ctx, statement)
	return d.fail("prove that it can be written", need, err)
}

// ReadOnly says whether the server refused a statement because it, or its storage, takes no writes, and in which words.
func ReadOnly(err error) (words string, is bool) {
	answer, ok := errors.AsType[*driver.MySQLError](err)
	if !ok {
		return "", false
	}
	return answer.Message, slices.Contains([]uint16{
		1036, // the table is read-only
		1290, // read_only, super_read_only
		1792, // transaction_read_only
		1836, // the server runs in read-only mode
		1874, // innodb_read_only
	}, answer.Number)
}

// MissingFields are those of the ids that are no custom field of clients, in the order given. It needs
// Features.CustomFields.
func (d *DB) MissingFields(ctx context.Context, ids []int64) ([]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var there []int64
	err := d.query(ctx, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		there = append(there, id)
		return err
	}, "SELECT id FROM tblcustomfields WHERE type = 'client' AND id IN ("+marks(len(ids))+")", list(ids)...)
	missing := slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return slices.Contains(there, id) })
	return missing, d.fail("look for custom fields", selectFields, err)
}
