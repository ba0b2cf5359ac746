package mysql

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

var errUnread = errors.New("they may not be read")

// chunk is how many ids go into one statement.
const chunk = 1000

// Clients reads the clients with from < id <= to, by id. Wished columns that do not exist are left out; wished
// custom fields or products that cannot be read are fault.Auth, because rules would take their absence for an answer.
func (d *DB) Clients(ctx context.Context, features whmcs.Features, wish whmcs.Wish, from, to int64) ([]whmcs.Client, error) {
	return d.read(ctx, features, wish, span{from: from, to: to})
}

// ClientsByIDs reads the clients named, by id. One that does not exist is left out.
func (d *DB) ClientsByIDs(ctx context.Context, features whmcs.Features, wish whmcs.Wish, ids []int64) ([]whmcs.Client, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	clients := make([]whmcs.Client, 0, len(ids))
	for part := range slices.Chunk(ids, chunk) {
		some, err := d.read(ctx, features, wish, span{ids: part})
		if err != nil {
			return nil, err
		}
		clients = append(clients, some...)
	}
	return clients, nil
}

func (d *DB) read(ctx context.Context, features whmcs.Features, wish whmcs.Wish, s span) ([]whmcs.Client, error) {
	if err := d.readableWish(features, wish); err != nil {
		return nil, err
	}
	clients, err := d.clientRows(ctx, features, wish, s)
	if err != nil {
		return nil, d.fail("read clients "+s.String(), selectClients, err)
	}
	if len(wish.CustomFields) > 0 && len(clients) > 0 {
		if err := d.addCustomFields(ctx, clients, wish.CustomFields, s); err != nil {
			return nil, d.fail("read custom fields of clients "+s.String(), selectValues, err)
		}
	}
	if wish.Products && len(clients) > 0 {
		if err := d.addProducts(ctx, clients, s); err != nil {
			return nil, d.fail("read products of clients "+s.String(), selectHosting, err)
		}
	}
	return clients, nil
}

func (d *DB) readableWish(features whmcs.Features, wish whmcs.Wish) error {
	if len(wish.CustomFields) > 0 && !features.CustomFields {
		return fault.New(fault.Auth, d.name, "read custom fields", "%w", d.allow(errUnread, selectFields, selectValues))
	}
	if wish.Products && !features.Services {
		return fault.New(fault.Auth, d.name, "read products", "%w", d.allow(errUnread, selectHosting))
	}
	for _, column := range wish.Needed {
		if !features.Columns[column] {
			return fault.New(fault.Auth, d.name, "read clients", "a rule decides upon the column %s, which may not be read: %s", column, d.grant(selectClients))
		}
	}
	return nil
}

// clientRows reads tblclients itself.
func (d *DB) clientRows(ctx context.Context, features whmcs.Features, wish whmcs.Wish, s span) ([]whmcs.Client, error) {
	names := textColumns(features, wish)
	where, args := s.where("id")
	clients := make([]whmcs.Client, 0, s.size())
	var row clientRow
	err := d.query(ctx, func(rows *sql.Rows) error {
		if err := row.scan(rows, names, d); err != nil {
			return err
		}
		clients = append(clients, row.client(names))
		return nil
	}, clientsSQL(features, names, where), args...)
	return clients, err
}

func clientsSQL(features whmcs.Features, names []string, where string) string {
	return "SELECT " + selectList(features, names) + " FROM tblclients WHERE " + where + " ORDER BY id"
}

// BareClients is the statement by which Clients reads tblclients, for a yardstick that does the same I/O and nothing
// else. It takes from and to. With ids it is that of ClientsByIDs, and takes so many.
func BareClients(features whmcs.Features, wish whmcs.Wish, ids int) string {
	s := span{}
	if ids > 0 {
		s.ids = make([]int64, ids)
	}
	where, _ := s.where("id")
	return clientsSQL(features, textColumns(features, wish), where)
}

// textColumns are the wished columns that exist, and those that full_name is made of.
func textColumns(features whmcs.Features, wish whmcs.Wish) []string {
	names := make([]string, 0, len(wish.Columns)+2)
	for _, name := range append([]string{"firstname", "lastname"}, wish.Columns...) {
		if features.Columns[name] && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func selectList(features whmcs.Features, names []string) string {
	optIn := "FALSE"
	if features.OptIn {
		optIn = "COALESCE(marketing_emails_opt_in, 0) <> 0"
	}
	parts := []string{"id", "email", "status", "COALESCE(groupid, 0)", "COALESCE(emailoptout, 0) <> 0", optIn}
	for _, name := range names {
		parts = append(parts, "`"+strings.ReplaceAll(name, "`", "``")+"`")
	}
	return strings.Join(parts, ", ")
}

// addCustomFields fills CustomFields. Where a field has two rows for one client, the newer row counts.
func (d *DB) addCustomFields(ctx context.Context, clients []whmcs.Client, fields []int64, s span) error {
	where, args := s.where("v.relid")
	return d.query(ctx, func(rows *sql.Rows) error {
		var client, field int64
		var value text
		if err := rows.Scan(&client, &field, &value); err != nil {
			return err
		}
		if c := find(clients, client); c != nil {
			if c.CustomFields == nil {
				c.CustomFields = make(map[int64]string, len(fields))
			}
			c.CustomFields[field] = whmcs.DecodeText(value.value)
		}
		return nil
	}, `SELECT v.relid, v.fieldid, v.value FROM tblcustomfieldsvalues v JOIN tblcustomfields f ON f.id = v.fieldid AND f.type = 'client'
		WHERE v.fieldid IN (`+marks(len(fields))+`) AND `+where+` ORDER BY v.id`, append(list(fields), args...)...)
}

// addProducts fills Products with the products of active services.
func (d *DB) addProducts(ctx context.Context, clients []whmcs.Client, s span) error {
	where, args := s.where("userid")
	return d.query(ctx, func(rows *sql.Rows) error {
		var client, product int64
		if err := rows.Scan(&client, &product); err != nil {
			return err
		}
		if c := find(clients, client); c != nil {
			c.Products = append(c.Products, product)
		}
		return nil
	}, "SELECT DISTINCT userid, packageid FROM tblhosting WHERE domainstatus = 'Active' AND "+where+" ORDER BY userid, packageid", args...)
}

func find(clients []whmcs.Client, id int64) *whmcs.Client {
	i, found := slices.BinarySearchFunc(clients, id, func(c whmcs.Client, id int64) int { return cmp.Compare(c.ID, id) })
	if !found {
		return nil
	}
	return &clients[i]
}

// span picks clients: those named when ids is set, else those with from < id <= to.
type span struct {
	from, to int64
	ids      []int64
}

func (s span) where(column string) (string, []any) {
	if s.ids != nil {
		return column + " IN (" + marks(len(s.ids)) + ")", list(s.ids)
	}
	return column + " > ? AND " + column + " <= ?", []any{s.from, s.to}
}

// size guesses how many rows there will be.
func (s span) size() int64 {
	if s.ids != nil {
		return int64(len(s.ids))
	}
	return max(0, min(s.to-s.from, chunk))
}

func (s span) String() string {
	if s.ids != nil {
		return fmt.Sprintf("(%d by id)", len(s.ids))
	}
	return fmt.Sprintf("(ids %d to %d)", s.from+1, s.to)
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

func list[T any](values []T) []any {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return args
}
