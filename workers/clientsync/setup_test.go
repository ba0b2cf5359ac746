package clientsync_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/memory"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/clientsync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// billing is a WHMCS in memory.
type billing struct {
	mu          sync.Mutex
	clients     map[int64]whmcs.Client
	fail        error
	failUndo    error
	afterOptOut func()
}

func (b *billing) choose(is func(int64) bool) ([]whmcs.Client, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var chosen []whmcs.Client
	for id, c := range b.clients {
		if is(id) {
			chosen = append(chosen, c)
		}
	}
	slices.SortFunc(chosen, func(x, y whmcs.Client) int { return cmp.Compare(x.ID, y.ID) })
	return chosen, b.fail
}

func (b *billing) Clients(_ context.Context, _ whmcs.Features, _ whmcs.Wish, from, to int64) ([]whmcs.Client, error) {
	return b.choose(func(id int64) bool { return id > from && id <= to })
}

func (b *billing) ClientsByIDs(_ context.Context, _ whmcs.Features, _ whmcs.Wish, ids []int64) ([]whmcs.Client, error) {
	return b.choose(func(id int64) bool { return slices.Contains(ids, id) })
}

func (b *billing) Spots(_ context.Context, after int64, limit int) ([]whmcs.Spot, error) {
	all, err := b.choose(func(id int64) bool { return id > after })
	found := make([]whmcs.Spot, min(limit, len(all)))
	for i := range found {
		found[i] = whmcs.Spot{ID: all[i].ID, Raw: all[i].RawEmail}
	}
	return found, err
}

func (b *billing) OptOut(_ context.Context, _ whmcs.Features, id int64) (before, after whmcs.MailFlags, changed bool, err error) {
	c := b.clients[id]
	before = whmcs.MailFlags{OptOut: c.OptOut, OptIn: c.OptIn, HasOptIn: true}
	c.OptOut, c.OptIn = true, false
	b.put(c)
	if b.afterOptOut != nil {
		b.afterOptOut()
	}
	return before, whmcs.OptedOut(true), true, b.fail
}

func (b *billing) UndoOptOut(_ context.Context, id int64, before whmcs.MailFlags) (bool, error) {
	c := b.clients[id]
	if !c.OptOut || c.OptIn || b.failUndo != nil {
		return false, b.failUndo
	}
	c.OptOut, c.OptIn = before.OptOut, before.OptIn
	b.put(c)
	return true, nil
}

func (b *billing) put(clients ...whmcs.Client) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range clients {
		b.clients[c.ID] = c
	}
}

// troubled is a list with a hook before and one after each call. It lists pages instead of what it holds, when there are any.
type troubled struct {
	*memory.List
	before, after func(call, email string) error
	pages         [][]maillist.Entry
}

func (l *troubled) around(call, email string, do func() error) error {
	if l.before != nil {
		if err := l.before(call, email); err != nil {
			return err
		}
	}
	if err := do(); err != nil || l.after == nil {
		return err
	}
	return l.after(call, email)
}

func (l *troubled) ListPage(ctx context.Context, at maillist.Cursor) (page maillist.Page, err error) {
	if n := len(at); len(l.pages) > 0 {
		return maillist.Page{Entries: l.pages[n], Next: at + "x", Done: n == len(l.pages)-1}, nil
	}
	err = l.around("list", string(at), func() (err error) { page, err = l.List.ListPage(ctx, at); return err })
	return page, err
}

func (l *troubled) Find(ctx context.Context, email string) (e maillist.Entry, err error) {
	err = l.around("find", email, func() (err error) { e, err = l.List.Find(ctx, email); return err })
	return e, err
}

func (l *troubled) Upsert(ctx context.Context, s maillist.Subscriber) (r maillist.Result, err error) {
	err = l.around("upsert", s.Email, func() (err error) { r, err = l.List.Upsert(ctx, s); return err })
	return r, err
}

func (l *troubled) Detach(ctx context.Context, e maillist.Entry, groups []maillist.GroupID) (after maillist.Entry, err error) {
	err = l.around("detach", e.Email, func() (err error) { after, err = l.List.Detach(ctx, e, groups); return err })
	return after, err
}

// bundle is one sync between a WHMCS and a list in memory, with the real store.
type bundle struct {
	*synckit.Sync
	whmcs *billing
	list  *troubled
	duty  *clientsync.Worker
}

const account = "news"

func setup(t testing.TB, clients ...whmcs.Client) *bundle {
	t.Helper()
	b := &bundle{
		Sync:  synckit.New(t, state.Sync{Name: "newsletter", Type: "clients", Source: "main", Account: account}),
		whmcs: &billing{clients: map[int64]whmcs.Client{}}, list: &troubled{List: memory.New(memory.Config{Account: account, PageSize: 4})},
	}
	b.whmcs.put(clients...)
	b.duty = &clientsync.Worker{Policy: policy(), Clients: b.whmcs, List: b.list, Store: b.Store}
	b.Serve(b.duty, b.whmcs, whmcs.NormalizeEmail)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantGroups checks the groups that the list has a person in; none given = not on the list at all.
func (b *bundle) wantGroups(email string, want ...maillist.GroupID) {
	b.T.Helper()
	e, _ := b.list.Holds(email)
	if len(e.Groups)+len(want) > 0 && !slices.Equal(e.Groups, want) {
		b.T.Errorf("%s is in groups %v, want %v", email, e.Groups, want)
	}
}

func (b *bundle) wantWrites(email string, want int) {
	b.T.Helper()
	if got := b.list.Writes(email); got != want {
		b.T.Errorf("%s was written to %d times, want %d", email, got, want)
	}
}

func addressed(email string) func(*whmcs.Client) {
	return func(c *whmcs.Client) { c.RawEmail = email }
}

// crowdOf are n clients with consent, c1@example.com and so on.
func crowdOf(n int) []whmcs.Client {
	clients := make([]whmcs.Client, n)
	for i := range clients {
		clients[i] = client(int64(i+1), addressed(fmt.Sprintf("c%d@example.com", i+1)))
	}
	return clients
}

func trouble(class fault.Class) error {
	return fault.New(class, account, "call", "as the test wants it")
}
