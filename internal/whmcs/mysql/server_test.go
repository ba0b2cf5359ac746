package mysql_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

// The server of this test is its own: it is set to be as strict as can be, and killed.
func TestAStrictServerThatDies(t *testing.T) {
	t.Parallel()
	server := testkit.PrivateMariaDB(t)
	root, err := sql.Open("mysql", server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, statement := range []string{"CREATE DATABASE whmcs", "SET GLOBAL sql_mode = 'TRADITIONAL,ONLY_FULL_GROUP_BY,ANSI_QUOTES,PIPES_AS_CONCAT'"} {
		if _, err := root.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	dsn := strings.Replace(server.DSN, "/", "/whmcs", 1)
	if err := fixture.Load(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	if _, err := fixture.Clients(t.Context(), dsn, fixture.Options{N: 600, Seed: 3}); err != nil {
		t.Fatal(err)
	}
	db := connect(t, dsn)
	features, err := db.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	// Not parallel: the order is the story.
	t.Run("rows with zero dates are read and written", func(t *testing.T) {
		all, err := db.Clients(t.Context(), features, whmcs.Wish{Columns: []string{"datecreated", "updated_at"}, CustomFields: []int64{1}, Products: true}, 0, 1<<31)
		if len(all) != 603 || err != nil {
			t.Errorf("%d clients, %v", len(all), err)
		}
		if _, _, changed, err := db.OptOut(t.Context(), features, 3); !changed || err != nil {
			t.Error(changed, err)
		}
		if err := db.LogActivity(t.Context(), "hello"); err != nil {
			t.Error(err)
		}
	})
	t.Run("domains with zero dates are read and written", func(t *testing.T) {
		domainFeatures, err := db.ProbeDomains(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []int64{2, 3, 10} {
			domains, err := db.DomainsByIDs(t.Context(), domainFeatures, whmcs.DomainFilter{}, []int64{id})
			if err != nil || len(domains) != 1 {
				t.Fatal(domains, err)
			}
			write := whmcs.DomainWrite{ID: id, Old: domains[0].Values(), New: domains[0].Values()}
			write.New.Expiry = civil.Must("2028-01-01")
			if changed, _, err := db.WriteDomain(t.Context(), domainFeatures, write); !changed || err != nil {
				t.Error(id, changed, err)
			}
		}
	})
	t.Run("without a server all is a matter of time", func(t *testing.T) {
		server.Kill()
		_, err := db.Clients(t.Context(), features, whmcs.Wish{}, 0, 10)
		wantFault(t, err, fault.Transient, "read clients (ids 1 to 10)")
		_, _, _, err = db.OptOut(t.Context(), features, 1)
		wantFault(t, err, fault.Transient, "opt-out of client 1")
	})
	t.Run("it goes on by itself when the server is back", func(t *testing.T) {
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, err := db.Count(t.Context()); n != 603 || err != nil {
			t.Errorf("%d clients, %v", n, err)
		}
		before, _, _, err := db.OptOut(t.Context(), features, 3)
		if before != whmcs.OptedOut(true) || err != nil {
			t.Errorf("the opt-out of before is lost: %s, %v", before, err)
		}
	})
}
