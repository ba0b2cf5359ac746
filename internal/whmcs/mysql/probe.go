package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	driver "github.com/go-sql-driver/mysql"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// column is one column that the database user has any right to.
type column struct {
	table, name, kind string
	nullable, filled  bool // filled: the server fills it in when an INSERT leaves it out
	rights            []string
}

type columns []column

// tables are those that a probe looks at.
var tables = []string{
	"tblclients", "tblcustomfields", "tblcustomfieldsvalues", "tblhosting", "tblconfiguration",
	"tblactivitylog", "tblmarketing_consent",
}

// secrets are columns of tblclients that are no business of a mailing list's: never read, even where granted.
var secrets = []string{"password", "pwresetkey", "pwresetexpiry", "authdata", "securityqans", "cardlastfour", "gatewayid", "notes"}

// Probe finds out what this install has and what we may do there. fault.Refused when it does not look like WHMCS,
// fault.Auth when a column that no sync can do without is not granted.
func (d *DB) Probe(ctx context.Context) (whmcs.Features, error) {
	seen, err := d.columns(ctx, tables...)
	if err != nil {
		return whmcs.Features{}, d.fail("look at the columns", selectClients, err)
	}
	if !seen.may(selectClients) {
		return whmcs.Features{}, d.unusable(seen, selectClients)
	}
	features := whmcs.Features{Columns: readable(seen)}
	if err := d.readVersion(ctx, seen, &features); err != nil {
		return whmcs.Features{}, err
	}
	features.OptIn = features.Columns["marketing_emails_opt_in"]
	if !features.OptIn {
		if err := d.proveOptInAbsent(ctx, features.Version); err != nil {
			return whmcs.Features{}, err
		}
	}
	d.options(seen, &features)
	return features, nil
}

// columns asks what is there. The server lists only what we have some right to, and tells which: rights from
// roles and from whole databases are counted in by the server itself.
func (d *DB) columns(ctx context.Context, tables ...string) (columns, error) {
	var found columns
	err := d.query(ctx, func(rows *sql.Rows) error {
		var c column
		var rights string
		if err := rows.Scan(&c.table, &c.name, &c.kind, &c.nullable, &c.filled, &rights); err != nil {
			return err
		}
		c.rights = strings.Split(rights, ",")
		found = append(found, c)
		return nil
	}, `SELECT LOWER(table_name), LOWER(column_name), LOWER(data_type), is_nullable = 'YES',
			column_default IS NOT NULL OR extra LIKE '%auto_increment%', LOWER(privileges)
		FROM information_schema.columns WHERE table_schema = DATABASE() AND LOWER(table_name) IN (`+marks(len(tables))+`)
		ORDER BY table_name, ordinal_position`, list(tables)...)
	return found, err
}

func (all columns) may(r right) bool {
	wanted := r.columns
	if len(wanted) == 0 {
		return slices.ContainsFunc(all, func(c column) bool { return c.table == r.table && c.allows(r.verb) })
	}
	for _, name := range wanted {
		if !slices.ContainsFunc(all, func(c column) bool { return c.table == r.table && c.name == name && c.allows(r.verb) }) {
			return false
		}
	}
	return true
}

func (c column) allows(verb string) bool { return slices.Contains(c.rights, strings.ToLower(verb)) }

func readable(seen columns) map[string]bool {
	names := map[string]bool{}
	for _, c := range seen {
		if c.table == "tblclients" && c.allows("select") && !slices.Contains(secrets, c.name) {
			names[c.name] = true
		}
	}
	return names
}

// unusable tells a database that is not WHMCS from one that keeps its columns from us.
func (d *DB) unusable(seen columns, need right) error {
	const op = "look at the columns"
	if len(seen) == 0 {
		none := fmt.Errorf("there is no table of WHMCS in database %q that user %q may see", d.schema, d.user)
		return fault.New(fault.Refused, d.name, op, "%w", fault.Advise(none, "is it the right database? If so: "+d.grant(need)))
	}
	some := fmt.Errorf("not all of the columns of %s that are needed may be read", need.table)
	return fault.New(fault.Auth, d.name, op, "%w", d.allow(some, need))
}

func (d *DB) readVersion(ctx context.Context, seen columns, features *whmcs.Features) error {
	if !seen.may(selectSettings) {
		return nil
	}
	row := d.pool.QueryRowContext(ctx, "SELECT value FROM tblconfiguration WHERE setting = 'Version'")
	if err := row.Scan(&features.Version); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return d.fail("read the version of WHMCS", selectSettings, err)
	}
	return nil
}

// proveOptInAbsent refuses to take a consent column that is merely not granted for one that does not exist: people
// who never opted in would be mailed by the older rule.
func (d *DB) proveOptInAbsent(ctx context.Context, version string) error {
	const op = "look for the column marketing_emails_opt_in"
	err := d.query(ctx, func(*sql.Rows) error { return nil }, "SELECT marketing_emails_opt_in FROM tblclients WHERE FALSE")
	answer, fromServer := errors.AsType[*driver.MySQLError](err)
	switch {
	case fromServer && answer.Number == 1054:
		return nil // to somebody with rights to the whole table the server says so plainly
	case fromServer && classify(err) == fault.Auth && olderThan75(version):
		return nil
	case err == nil:
		return fault.New(fault.Transient, d.name, op, "it came to be while we looked")
	}
	return d.fail(op, selectOptIn, err)
}

func olderThan75(version string) bool {
	var major, minor int
	if n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); n != 2 {
		return false
	}
	return major < 7 || major == 7 && minor < 5
}

// options switches on what is there and says in words what is not.
func (d *DB) options(seen columns, f *whmcs.Features) {
	optOut := updateOptOut
	if f.OptIn {
		optOut = updateBoth
	}
	f.UpdatedAt = seen.may(selectUpdated)
	f.CustomFields = seen.may(selectFields) && seen.may(selectValues)
	f.Services = seen.may(selectHosting)
	f.WriteOptOut = seen.may(optOut)
	f.ActivityLog = seen.may(insertLog)
	if f.Version == "" {
		d.miss(&f.Missing, "the version of WHMCS is unknown", selectSettings)
	}
	if !f.OptIn {
		f.Missing = append(f.Missing, "marketing_emails_opt_in does not exist (it came with WHMCS 7.5): consent opt_in goes by emailoptout alone")
	}
	if !f.UpdatedAt {
		d.miss(&f.Missing, "changed clients cannot be looked for between passes: tblclients.updated_at is absent or not granted", selectUpdated)
	}
	if !f.CustomFields {
		d.miss(&f.Missing, "custom fields cannot be read", selectFields, selectValues)
	}
	if !f.Services {
		d.miss(&f.Missing, "products of clients cannot be read", selectHosting)
	}
	if !f.WriteOptOut {
		d.miss(&f.Missing, "an opt-out cannot be written back", optOut)
	}
	if !f.ActivityLog {
		d.miss(&f.Missing, "nothing can be noted in the activity log of WHMCS", insertLog)
	}
}

func (d *DB) miss(missing *[]string, what string, needs ...right) {
	*missing = append(*missing, what+"; if it is wanted: "+d.grants(needs))
}
