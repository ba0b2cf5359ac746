package wiretest

import (
	"context"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
)

// Wire is control over what lies between a vendor and its other side.
type Wire interface {
	CapPage(n int) // from now on pages are at most this long, whatever is asked for; replaces the faults before
	Fail(f Fault)  // replaces the faults before; a Fault without a Kind = all is well again
	Calls() int    // that arrived
	PeakInFlight() int
}

// Limiter is what a vendor with a wire must respect: it is asked before each call, and told of "too many".
type Limiter interface {
	Wait(ctx context.Context) (release func(), err error)
	Block(ctx context.Context, d time.Duration)
}

// Fault is something that goes wrong between.
type Fault struct {
	Kind   Kind
	Status int           // with Status and Echo
	Delay  time.Duration // Retry-After, or how slow
	Times  int           // 0 = always
	Writes bool          // hits writes only
}

// Kind is a kind of fault.
type Kind string

// The kinds of fault.
const (
	Status      Kind = "status"            // answers with Fault.Status, in the words of the API
	TooMany     Kind = "too many"          // 429, Retry-After in seconds
	TooManyDate Kind = "too many until"    // 429, Retry-After as a date
	TooManyBare Kind = "too many, no time" // 429 without Retry-After
	Unavailable Kind = "unavailable"       // 503 with Retry-After
	HTML        Kind = "web page"          // 200 with HTML
	Broken      Kind = "broken"            // it ends in the middle of its JSON or XML
	Truncated   Kind = "truncated"         // less than announced
	Cut         Kind = "cut"               // before anything was done
	CutAfter    Kind = "cut after"         // after it was done
	Nothing     Kind = "no answer"
	Slow        Kind = "slow body" // complete after Delay
	Latency     Kind = "late"      // answers after Delay
	Echo        Kind = "echo"      // fails with Fault.Status, and repeats the request in the words of the API
)

// Setup is how a vendor is wanted for one test.
type Setup struct {
	InFlight int
	Timeout  time.Duration // of one call
	Limiter  Limiter       // nil = none
}

// Target is a vendor, set up so that each of its acts goes well as long as nothing goes wrong between.
type Target struct {
	Wire    Wire
	Acts    []Act
	Secrets []string // that no error may hold
}

// Act is one call of a port. It may be done again and again, and by several at once.
type Act struct {
	Name    string
	Do      func(ctx context.Context) error
	Classes map[int]fault.Class // HTTP statuses that mean something else here than usually; "" = no error
	// Once says that it must not be done twice: that an account is unavailable leaves open whether it was done, so it is
	// Transient with a Retry-After, too.
	Once bool
}

// Factory makes a vendor. Nothing may be sent yet: the limiter may refuse it. It closes everything when the test ends.
type Factory func(t testing.TB, s Setup) Target
