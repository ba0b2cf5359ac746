package registrartest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

// Run holds a vendor to the port: to the sentences of each power that it has.
func Run(t *testing.T, factory Factory) {
	t.Helper()
	wantMain(t)
	k := kit{factory: factory}
	h := k.open(t)
	if h.Registrar != nil {
		t.Run("looking up", k.lookingUp)
		t.Run("statuses", k.statuses)
		t.Run("dates", k.dates)
		t.Run("leaving", k.leaving)
	}
	for _, power := range []struct {
		name  string
		has   bool
		holds func(*testing.T)
	}{
		{"listing", has[registrar.Lister](h), k.listing},
		{"transfers", has[registrar.TransferTracker](h), k.transfers},
		{"list of transfers", has[registrar.TransferLister](h), k.transferList},
		{"auto-renew", has[registrar.AutoRenewer](h), k.autoRenew},
		{"privacy", has[registrar.Protector](h), k.privacy},
		{"renewals", has[registrar.Renewer](h), k.renewals},
		{"evidence", has[registrar.Historian](h), k.evidence},
		{"testimony", has[registrar.Witness](h), k.testimony},
		{"checking", has[registrar.Checker](h), k.checking},
		{"session", h.Session != nil && has[registrar.Lister](h), k.session},
		{"wire", h.Wire != nil, k.wire},
	} {
		if power.has {
			t.Run(power.name, power.holds)
		}
	}
}

type kit struct{ factory Factory }

const pageSize = 10

func (k kit) open(t *testing.T) Harness {
	t.Helper()
	h := k.factory(t, Setup{PageSize: pageSize, InFlight: 4, Timeout: 10 * time.Second})
	h.PageSize = cmp.Or(h.PageSize, pageSize)
	return h
}

// has says whether the vendor has a power.
func has[P any](h Harness) bool {
	_, ok := as[P](h)
	return ok
}

func as[P any](h Harness) (P, bool) {
	if p, ok := any(h.Registrar).(P); ok {
		return p, true
	}
	p, ok := any(h.Witness).(P)
	return p, ok
}

// power is the vendor as what it is known to be.
func power[P any](h Harness) P {
	p, _ := as[P](h)
	return p
}

// plain is a name as most are. Its days are told apart, so that one cannot pass for another.
func plain(name registrar.Name) registrar.Domain {
	return registrar.Domain{
		Name: name, Status: registrar.Active, AutoRenew: registrar.Off, Privacy: registrar.Off, PrivacyAllowed: registrar.On,
		Dates: registrar.Dates{Renewal: day("2031-03-28"), Expiration: day("2031-03-30"), Registry: day("2031-04-02")},
	}
}

func day(text string) registrar.Date { return registrar.Date{Day: civil.Must(text)} }

// domains makes n different names, not in the order of the alphabet.
func domains(n int) []registrar.Domain {
	all := make([]registrar.Domain, 0, n)
	for i := range n {
		all = append(all, plain(registrar.Name(fmt.Sprintf("name%04d.com", (i*7919)%10007))))
	}
	return all
}

func names(list []registrar.Domain) []registrar.Name {
	all := make([]registrar.Name, 0, len(list))
	for _, d := range list {
		all = append(all, d.Name)
	}
	slices.Sort(all)
	return all
}

// held is what the other side holds; the test ends when it holds nothing.
func (h Harness) held(t *testing.T, name registrar.Name) registrar.Domain {
	t.Helper()
	d, ok := h.Other.Holds(name)
	if !ok {
		t.Fatalf("the account does not hold %s", name)
	}
	return d
}

// get looks a name up; the test ends when that fails.
func (h Harness) get(t *testing.T, name registrar.Name) registrar.Domain {
	t.Helper()
	d, err := h.Registrar.Get(t.Context(), name)
	noError(t, err)
	h.tellsNoSecret(t, d)
	return d
}

// tellsNoSecret is for what comes out when all goes well: an API may tell auth codes with each row.
func (h Harness) tellsNoSecret(t *testing.T, told any) {
	t.Helper()
	text := fmt.Sprintf("%+v", told)
	for _, secret := range h.Secrets {
		if strings.Contains(text, secret) {
			t.Errorf("a secret is told: %s", text)
		}
	}
}

// row is what the listing tells of a name; the test ends when it is not listed.
func (h Harness) row(t *testing.T, name registrar.Name) registrar.Domain {
	t.Helper()
	listed := flat(walk(t, power[registrar.Lister](h), "", nil))
	i := slices.IndexFunc(listed, func(d registrar.Domain) bool { return d.Name == name })
	if i < 0 {
		t.Fatalf("%s is not listed, but %v", name, names(listed))
	}
	h.tellsNoSecret(t, listed)
	return listed[i]
}

// gone are statuses of names that a listing may leave out.
var gone = []registrar.Status{registrar.TransferredAway, registrar.Deleted, registrar.Lapsed, registrar.Failed}

// told compares a look-up with what the account holds. The registrar's own words are not compared.
func (h Harness) told(t *testing.T, name registrar.Name) registrar.Domain {
	t.Helper()
	want, got := h.held(t, name), h.get(t, name)
	want.Name = name
	same(t, string(name)+" as it is looked up", want, got, ignoreRaw)
	if has[registrar.Lister](h) && !slices.Contains(gone, got.Status) {
		wantWithin(t, string(name)+" as it is listed", h.row(t, name), got)
		h.wantSettings(t, name)
	}
	return got
}

// wantSettings is for vendors whose listings tell settings: then they must be there, since nobody looks them up.
func (h Harness) wantSettings(t *testing.T, name registrar.Name) {
	t.Helper()
	if h.Settings {
		listed, held := h.row(t, name), h.held(t, name)
		same(t, "listed settings", [2]registrar.Tri{held.AutoRenew, held.Privacy}, [2]registrar.Tri{listed.AutoRenew, listed.Privacy})
	}
}

var ignoreRaw = cmpopts.IgnoreFields(registrar.Domain{}, "Raw")

// wantWithin asserts that a listed row says nothing that the look-up does not say, too. What it leaves out is fine.
func wantWithin(t *testing.T, what string, listed, looked registrar.Domain) {
	t.Helper()
	want := looked
	leave(&want.ID, listed.ID)
	leave(&want.Reason, listed.Reason)
	leave(&want.AutoRenew, listed.AutoRenew)
	leave(&want.Privacy, listed.Privacy)
	leave(&want.PrivacyAllowed, listed.PrivacyAllowed)
	leave(&want.GraceUntil, listed.GraceUntil)
	leave(&want.RedemptionUntil, listed.RedemptionUntil)
	leave(&want.Dates.Renewal, listed.Dates.Renewal)
	leave(&want.Dates.Expiration, listed.Dates.Expiration)
	leave(&want.Dates.Registry, listed.Dates.Registry)
	if listed.Status == "" || listed.Status == registrar.Unknown && listed.Raw == "" {
		want.Status = listed.Status
	}
	same(t, what, want, listed, ignoreRaw)
}

// leave takes out what is not told.
func leave[T comparable](want *T, told T) {
	var none T
	if told == none {
		*want = none
	}
}

func same(t *testing.T, what string, want, got any, opts ...gocmp.Option) {
	t.Helper()
	if diff := gocmp.Diff(want, got, opts...); diff != "" {
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
