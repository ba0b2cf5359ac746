package maillisttest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

// Groups and custom fields that the other side must have.
const (
	GroupA maillist.GroupID = 1
	GroupB maillist.GroupID = 2
	GroupC maillist.GroupID = 3
	FieldA                  = "11"
	FieldB                  = "12"
)

// Setup is how the kit wants the vendor for one test.
type Setup struct {
	PageSize int
	InFlight int
	Timeout  time.Duration    // of one call
	Limiter  wiretest.Limiter // to be asked before each call, and told of "too many"
}

// Harness is a vendor together with control over its other side.
type Harness struct {
	List    maillist.Destination
	Other   Other
	Wire    wiretest.Wire // nil = there is none between
	Secrets []string      // that no error may hold
}

// Other plays the mailing list's own people and operators.
type Other interface {
	Seed(entries ...maillist.Entry)                 // ids of 0 get one; Suppression Deleted = deleted
	Remove(emails ...string)                        // deletes, the way the list does it
	Holds(email string) (e maillist.Entry, ok bool) // deleted people included; the e-mail as it was seeded or written
	Writes(email string) int                        // accepted writes
}

// Factory makes a vendor whose other side is empty. It closes everything when the test ends.
type Factory func(t testing.TB, s Setup) Harness

// Run holds a vendor to the port.
func Run(t *testing.T, factory Factory) {
	k := kit{factory: factory}
	t.Run("listing", k.listing)
	t.Run("finding", k.finding)
	t.Run("upserting", k.upserting)
	t.Run("detaching", k.detaching)
	t.Run("deleted people", k.deletedPeople)
	t.Run("checking", k.checking)
	if k.hasWire(t) {
		t.Run("wire", k.wire)
	}
}

type kit struct{ factory Factory }

const pageSize = 10

func (k kit) open(t *testing.T) Harness {
	t.Helper()
	return k.factory(t, Setup{PageSize: pageSize, InFlight: 8, Timeout: 10 * time.Second})
}

func (k kit) hasWire(t *testing.T) bool {
	t.Helper()
	return k.open(t).Wire != nil
}

// people makes n different entries.
func people(n int) []maillist.Entry {
	all := make([]maillist.Entry, 0, n)
	for i := range n {
		all = append(all, plain(fmt.Sprintf("person%03d@example.test", i)))
	}
	return all
}

func plain(email string, groups ...maillist.GroupID) maillist.Entry {
	return maillist.Entry{Email: email, Status: maillist.Active, Groups: groups, GroupsKnown: true}
}

type pager func(context.Context, maillist.Cursor) (maillist.Page, error)

// drain reads to the end and returns all entries and every cursor that came by.
func drain(t *testing.T, read pager, from maillist.Cursor) (all []maillist.Entry, cursors []maillist.Cursor) {
	t.Helper()
	for cursor := from; ; {
		page, err := read(t.Context(), cursor)
		if err != nil {
			t.Fatalf("page at %q: %v", cursor, err)
		}
		all = append(all, page.Entries...)
		if page.Done {
			return all, cursors
		}
		if len(cursors) > 1000 || page.Next == "" {
			t.Fatalf("the listing does not end: after %q comes %q", cursor, page.Next)
		}
		cursor = page.Next
		cursors = append(cursors, cursor)
	}
}

func emails(entries []maillist.Entry) []string {
	all := make([]string, 0, len(entries))
	for _, e := range entries {
		all = append(all, e.Email)
	}
	slices.Sort(all)
	return all
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantClass(t *testing.T, err error, want fault.Class) {
	t.Helper()
	if got := fault.ClassOf(err); got != want {
		t.Errorf("class %q, want %q: %v", got, want, err)
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// held is what the other side holds; the test ends when it holds nothing.
func held(t *testing.T, h Harness, email string) maillist.Entry {
	t.Helper()
	e, ok := h.Other.Holds(email)
	if !ok {
		t.Fatalf("the list does not hold %s", email)
	}
	return e
}
