package domainsync_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/memory"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is one sync between a WHMCS and an account in memory, with the real store.
type bundle struct {
	*synckit.Sync
	whmcs   *billing
	account *memory.Account
	duty    *domainsync.Worker
	clock   time.Time
	seen    map[string]int // calls up to the last look at them
}

const (
	syncName = "op-domains"
	account  = "op"
)

func setup(t testing.TB, rows ...whmcs.Domain) *bundle { return setupWith(t, memory.Config{}, rows...) }

func setupWith(t testing.TB, cfg memory.Config, rows ...whmcs.Domain) *bundle {
	t.Helper()
	cfg.Account, cfg.PageSize = account, 4
	b := &bundle{
		Sync:  synckit.New(t, state.Sync{Name: syncName, Type: "domains", Source: "main", Account: account}),
		whmcs: &billing{rows: map[int64]whmcs.Domain{}}, account: memory.New(cfg), clock: now, seen: map[string]int{},
	}
	b.whmcs.put(rows...)
	b.duty = &domainsync.Worker{
		Policy: policy(), Domains: b.whmcs, Registrar: b.account, Store: b.Store,
		Clock: func() time.Time { return b.clock }, MaxAge: 100 * 365 * 24 * time.Hour,
	}
	b.Serve(b.duty, b.whmcs, func(raw string) (string, error) {
		name, err := registrar.ParseName(raw)
		return string(name), err
	})
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantCalls checks what the registrar was asked since this was last checked.
func (b *bundle) wantCalls(want map[string]int) {
	b.T.Helper()
	got := map[string]int{}
	for _, name := range []string{"ListPage", "ListTransfersPage", "Get", "Departed", "Testify", "Transfer", "SetAutoRenew", "SetPrivacy", "Renew"} {
		if n := b.account.Calls(name); n > b.seen[name] {
			got[name], b.seen[name] = n-b.seen[name], n
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		b.T.Errorf("calls (-want +got):\n%s", diff)
	}
}

// wantRow checks the status and the expiry of a domain in WHMCS.
func (b *bundle) wantRow(id int64, status whmcs.DomainStatus, expiry string) {
	b.T.Helper()
	if got := b.whmcs.rows[id]; got.Status != status || got.Expiry != civil.Must(expiry) {
		b.T.Errorf("domain %d is %s until %s, want %s until %s", id, got.Status, got.Expiry, status, expiry)
	}
}

// portfolio are n domains, d1.example and so on, and the same names at the registrar.
func portfolio(n int) (rows []whmcs.Domain, names []registrar.Domain) {
	for i := range n {
		name := fmt.Sprintf("d%d.example", i+1)
		rows = append(rows, row(called(int64(i+1), name)))
		names = append(names, *held(func(d *registrar.Domain) { d.Name, d.ID = registrar.Name(name), "" }))
	}
	return rows, names
}

func called(id int64, name string) func(*whmcs.Domain) {
	return func(d *whmcs.Domain) { d.ID, d.RawName = id, name }
}

// inStep is a sync of n domains that are the same on both sides.
func inStep(t testing.TB, n int) *bundle {
	t.Helper()
	rows, names := portfolio(n)
	b := setup(t, rows...)
	b.account.Hold(names...)
	return b
}

// turn changes a name at the registrar.
func (b *bundle) turn(name registrar.Name, change ...func(*registrar.Domain)) {
	d, _ := b.account.Holds(name)
	for _, f := range change {
		f(&d)
	}
	b.account.Hold(d)
}

// edit changes a row as an administrator does.
func (b *bundle) edit(id int64, change ...func(*whmcs.Domain)) {
	d := b.whmcs.rows[id]
	for _, f := range change {
		f(&d)
	}
	b.whmcs.put(d)
}

func trouble(class fault.Class) error {
	return fault.New(class, account, "call", "as the test wants it")
}

var remarking = memory.Config{Notes: []string{"it expires soon"}}

// forgetful is an account whose listing does not tell the settings.
type forgetful struct{ *memory.Account }

func (f forgetful) ListPage(ctx context.Context, after registrar.Cursor) (registrar.Page, error) {
	page, err := f.Account.ListPage(ctx, after)
	for i := range page.Domains {
		page.Domains[i].AutoRenew, page.Domains[i].Privacy = registrar.NotTold, registrar.NotTold
	}
	return page, err
}
