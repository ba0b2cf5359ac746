package registrartest

import (
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

// Setup is how the kit wants the vendor for one test.
type Setup struct {
	PageSize int // names a page at most; a vendor whose API has a least page size takes what comes nearest
	InFlight int
	Timeout  time.Duration    // of one call
	Limiter  wiretest.Limiter // to be asked before each call, and told of "too many"; nil = none
}

// Harness is a vendor together with control over its other side.
type Harness struct {
	Registrar registrar.Registrar
	Witness   registrar.Witness // instead of Registrar, for who has no account
	Other     Other
	Wire      wiretest.Wire      // nil = there is none between
	Session   Session            // nil = each call carries the credentials themselves
	Secrets   []string           // credentials, and auth codes of the other side: nothing that is told may hold one
	Statuses  []registrar.Status // that the vendor's API can tell apart in a live domain

	// Classes are HTTP statuses that mean something else here than usually. NotFound counts for calls that ask about one
	// name only: a list that is not there is always Protocol.
	Classes  map[int]fault.Class
	PageSize int  // names on a full page; 0 = Setup.PageSize
	Settings bool // a listing tells AutoRenew and Privacy, not only a look-up

	Traces    []registrar.Status        // departures that the API keeps evidence of; a Historian has at least one
	Transfers []registrar.TransferState // that the API can tell apart; nil = all four
	Wordless  bool                      // the API has no words for statuses, so none can be unknown
}

// Other plays the registrar's own side. Names are found by any spelling.
type Other interface {
	// Hold puts names into the account, each in place of what it held, spelled as they are given where the API allows that.
	// Fields that the API cannot tell are left out. A Day is written in the API's own way, late in the day where it
	// has a clock; a Text without a Day as it stands, where the API's dates are text; Unknown as the word in Raw.
	Hold(domains ...registrar.Domain)
	Remove(names ...registrar.Name)                      // they vanish without a trace
	Depart(name registrar.Name, how registrar.Departure) // they leave, with a trace where the API keeps one
	Transferring(transfers ...registrar.Transfer)        // transfers in; one that is completed needs the name held as well
	// Holds is what the account has now, with its ID, as a look-up should tell it: without what the API cannot tell.
	Holds(name registrar.Name) (registrar.Domain, bool)
	Writes(name registrar.Name) int // accepted settings
}

// Session is control over the tokens of an API that gives them out.
type Session interface {
	Expire()     // no token that was given out is good any more
	Logins() int // so far
}

// Till is the Other of a Renewer.
type Till interface {
	Other
	Renewals(name registrar.Name) int // bought, whatever was answered
}

// Factory makes a vendor whose other side is empty. It closes everything when the test ends.
type Factory func(t testing.TB, s Setup) Harness
