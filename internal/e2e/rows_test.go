package e2e

import (
	"database/sql"
	"testing"
)

// row is one client as the database holds it, nothing decoded.
type row struct {
	id                       int64
	first, last, company     string
	email, country, language string
	status                   string
	optOut, optIn            bool
	products                 []int64 // of active services
	origin                   string  // custom field 1
}

// readRows reads all clients by id. An old version has no marketing_emails_opt_in.
func readRows(t *testing.T, db *sql.DB, old bool) []row {
	t.Helper()
	optIn := "marketing_emails_opt_in"
	if old {
		optIn = "1"
	}
	var all []row
	scan(t, db, `SELECT id, firstname, lastname, companyname, email, country, language, status, emailoptout, `+optIn+` FROM tblclients ORDER BY id`,
		func(s *sql.Rows) error {
			var r row
			err := s.Scan(&r.id, &r.first, &r.last, &r.company, &r.email, &r.country, &r.language, &r.status, &r.optOut, &r.optIn)
			all = append(all, r)
			return err
		})
	at := map[int64]*row{}
	for i := range all {
		at[all[i].id] = &all[i]
	}
	scan(t, db, `SELECT userid, packageid FROM tblhosting WHERE domainstatus = 'Active'`, func(s *sql.Rows) error {
		var client, product int64
		err := s.Scan(&client, &product)
		if r := at[client]; r != nil {
			r.products = append(r.products, product)
		}
		return err
	})
	scan(t, db, `SELECT relid, value FROM tblcustomfieldsvalues WHERE fieldid = 1 ORDER BY id`, func(s *sql.Rows) error {
		var client int64
		var value string
		err := s.Scan(&client, &value)
		if r := at[client]; r != nil {
			r.origin = value
		}
		return err
	})
	return all
}

func scan(t *testing.T, db *sql.DB, query string, each func(*sql.Rows) error) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
