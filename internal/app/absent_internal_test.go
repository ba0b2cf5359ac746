package app

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/internal/testkit/statekit"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

// few is an application with one sync of domains, and few domains, of which the sync is about the first alone.
func few(t *testing.T) *App {
	t.Helper()
	dsn := testkit.MySQL(t)
	if err := fixture.Load(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		`DELETE FROM tbldomains`,
		`INSERT INTO tbldomains (id, userid, domain, registrar, status, subscriptionid, additionalnotes, paymentmethod, reminders) VALUES
			(1, 1, 'ours.example', 'OpenProvider', 'Active', '', '', '', ''),
			(2, 1, 'elsewhere.example', 'enom', 'Active', '', '', '', ''),
			(3, 1, 'over.example', 'openprovider', 'Cancelled', '', '', '', ''),
			(4, 9, 'hers.example', 'openprovider', 'Active', '', '', '', ''),
			(5, 1, 'left.out', 'openprovider', 'Active', '', '', '', ''),
			(6, 1, 'Over.example.', 'enom', 'Active', '', '', '', '')`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	cfg := config.Config{
		Postgres: config.Postgres{URL: config.NewSecret(statekit.Clone(t)), MaxConns: 4},
		Sources:  map[string]config.Source{"main": {DSN: config.NewSecret(dsn), Timezone: time.UTC}},
		Accounts: map[string]config.Account{"op": {Type: "openprovider"}},
		Syncs: map[string]config.Sync{"op-domains": {
			Type: "domains", Source: "main", Account: "op", Statuses: []string{"Active"}, Timezone: time.UTC,
			Domains: config.Domains{Registrar: "openprovider", Exclude: config.Exclude{Clients: []int64{9}, TLDs: []string{"out"}}},
		}},
	}
	a, err := Open(t.Context(), cfg, Options{Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func TestADomainThatASyncIsNotAboutSaysWhy(t *testing.T) {
	t.Parallel()
	a := few(t)
	if err := a.Store.PutRoster(t.Context(), "op-domains", []state.RosterRow{{RecordID: 3, Key: "over.example"}}, nil); err != nil {
		t.Fatal(err)
	}
	got, err := a.Absent(t.Context(), "op-domains", []int64{99, 5, 4, 3, 2, 1})
	if err != nil {
		t.Fatal(err)
	}
	want := []Absent{
		{RecordID: 2, Why: `its registrar is "enom"`},
		{RecordID: 3, Why: "its status is Cancelled", Known: true},
		{RecordID: 4, Why: "its client is excluded"},
		{RecordID: 5, Why: "its name or extension is excluded"},
		{RecordID: 99, Why: "WHMCS has no such domain"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("absent (-want +got):\n%s", diff)
	}
}

func TestANameThatASyncIsNotAboutSaysWhy(t *testing.T) {
	t.Parallel()
	a := few(t)
	for name, want := range map[string]string{
		"not a name":      `op-domains: not found: "not a name" is not a domain name`,
		"nothere.example": "op-domains: not found: nothere.example is not in this sync: WHMCS has no such domain",
		"OVER.example":    `op-domains: not found: over.example is not in this sync: domain 3, its status is Cancelled; domain 6, its registrar is "enom"`,
	} {
		if _, err := a.LookAtDomain(t.Context(), "op-domains", name); !fault.Is(err, fault.NotFound) || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}
