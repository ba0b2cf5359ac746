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
	Timeout  time.Duration // of one call
	Limiter  Limiter       // to be asked before each call, and told of "too many"
}

// Limiter is what a vendor with a wire must respect.
type Limiter interface {
	Wait(ctx context.Context) (release func(), err error)
	Block(ctx context.Context, d time.Duration)
}

// Harness is a vendor together with control over its other side.
type Harness struct {
	List    maillist.Destination
	Other   Other
	Wire    Wire     // nil = there is none between
	Secrets []string // that no error may hold
}

// Other plays the mailing list's own people and operators.
type Other interface {
	Seed(entries ...maillist.Entry)                 // ids of 0 get one; Suppression Deleted = deleted
	Remove(emails ...string)                        // deletes, the way the list does it
	Holds(email string) (e maillist.Entry, ok bool) // deleted people included; the e-mail as it was seeded or written
	Writes(email string) int                        // accepted writes
}

// Wire is control over what lies between.
type Wire interface {
	CapPage(n int) // from now on pages are at most this long, whatever is asked for
	Fail(f Fault)  // replaces the faults before
	Calls() int
	PeakInFlight() int
}

// Fault is something that goes wrong between.
type Fault struct {
	Kind   Kind
	Status int           // with FaultStatus
	Delay  time.Duration // Retry-After, or how slow
	Times  int           // 0 = always
	Writes bool          // hits writes only
}

// Kind is a kind of fault.
type Kind string

// The kinds of fault.
const (
	FaultStatus      Kind = "status"            // answers with Status
	FaultTooMany     Kind = "too many"          // 429, Retry-After in seconds
	FaultTooManyDate Kind = "too many until"    // 429, Retry-After as a date
	FaultTooManyBare Kind = "too many, no time" // 429 without Retry-After
	FaultUnavailable Kind = "unavailable"       // 503 with Retry-After
	FaultHTML        Kind = "web page"          // 200 with HTML
	FaultBadJSON     Kind = "broken JSON"
	FaultTruncated   Kind = "truncated" // less than announced
	FaultCut         Kind = "cut"       // before anything was done
	FaultCutAfter    Kind = "cut after" // after it was done
	FaultNothing     Kind = "no answer"
	FaultSlow        Kind = "slow body" // complete after Delay
	FaultLatency     Kind = "late"      // answers after Delay
)

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
		t.Run("faults", k.faults)
		t.Run("limits", k.limits)
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
