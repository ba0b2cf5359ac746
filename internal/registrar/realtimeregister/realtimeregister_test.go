package realtimeregister_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/realtimeregister"
	"github.com/whmcsync/whmcsync/internal/registrar/realtimeregister/sim"
	"github.com/whmcsync/whmcsync/internal/simkit"
)

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

// listed reads all pages.
func listed(t *testing.T, a *realtimeregister.Account) (all []registrar.Domain) {
	t.Helper()
	for cursor := registrar.Cursor(""); ; {
		page, err := a.ListPage(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Domains...)
		if page.Done {
			return all
		}
		cursor = page.Next
	}
}

func TestTheConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	for _, cfg := range []realtimeregister.Config{
		{}, {APIKey: "k", PageSize: -1}, {APIKey: "k", BaseURL: "http://api.example.com/v2"}, {APIKey: "k\n"},
	} {
		if _, err := realtimeregister.New(cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}

func TestTheWholeAccountIsOneCallAndOneForEachGroupOfExtensions(t *testing.T) {
	t.Parallel()
	a, server := setup(t, sim.Options{})
	server.Describe(sim.Extension{Name: "es", Also: []string{"com.es"}})
	for i := range 700 {
		server.Hold(sim.Domain{Name: fmt.Sprintf("name%d.%s", i, []string{"com", "es", "com.es"}[i%3])})
	}
	same(t, "domains", 700, len(listed(t, a)))
	same(t, "calls of the first listing", map[string]int64{"export_domains": 1, "get_extension": 2}, server.Counts().Calls)
	server.ResetCounts()
	listed(t, a)
	same(t, "calls of the second", map[string]int64{"export_domains": 1}, server.Counts().Calls)
}

func TestTheOffsetOfAnExtensionIsTakenOffWhatIsPaid(t *testing.T) {
	t.Parallel()
	a, server := setup(t, sim.Options{})
	server.Describe(sim.Extension{Name: "es", Offset: 2 * 24 * 60 * 60})
	server.Hold(sim.Domain{Name: "example.es", Expiry: "2031-03-30T23:59:59Z"})
	want := registrar.Dates{Renewal: registrar.Date{Day: civil.Must("2031-03-28")}, Expiration: registrar.Date{Day: civil.Must("2031-03-30")}}
	looked, err := a.Get(t.Context(), "example.es")
	wantClass(t, err, "")
	same(t, "looked up", want, looked.Dates)
	same(t, "listed", want, listed(t, a)[0].Dates)
}

func TestRulesAreReadAgainAfterADay(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	now := time.Date(2031, 1, 1, 12, 0, 0, 0, time.UTC)
	a := open(t, server, realtimeregister.Config{Clock: func() time.Time { return now }})
	server.Hold(sim.Domain{Name: "example.com"})
	for _, step := range []struct {
		later time.Duration
		want  int64
	}{{0, 1}, {23 * time.Hour, 1}, {time.Hour, 2}} {
		now = now.Add(step.later)
		listed(t, a)
		same(t, "questions", step.want, server.Counts().Calls["get_extension"])
	}
}

func TestAnExtensionIsAskedForAsItIsSold(t *testing.T) {
	t.Parallel()
	a, server := setup(t, sim.Options{})
	server.Describe(sim.Extension{Name: "last.name", Missing: true}, sim.Extension{Name: "name", Offset: 86400})
	server.Hold(sim.Domain{Name: "first.last.name", Expiry: "2031-03-30T12:00:00Z"})
	for range 2 {
		d, err := a.Get(t.Context(), "first.last.name")
		wantClass(t, err, "")
		same(t, "paid until", registrar.Date{Day: civil.Must("2031-03-29")}, d.Dates.Renewal)
	}
	same(t, "questions", int64(2), server.Counts().Calls["get_extension"])
}

func TestWithoutRulesNothingIsSaidOfWhatIsPaid(t *testing.T) {
	t.Parallel()
	for name, extension := range map[string]sim.Extension{
		"there are none": {Name: "test", Missing: true}, "they make no sense": {Name: "test", Offset: "-5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, server := setup(t, sim.Options{})
			server.Describe(extension)
			server.Hold(sim.Domain{Name: "example.test", Expiry: "2031-03-30T12:00:00Z"})
			same(t, "dates", registrar.Dates{
				Renewal: registrar.Date{Text: "2031-03-30T12:00:00Z"}, Expiration: registrar.Date{Day: civil.Must("2031-03-30")},
			}, listed(t, a)[0].Dates)
		})
	}
}

func TestAListingFailsWhenRulesCannotBeRead(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]fault.Class{"500": fault.Transient, "429": fault.RateLimited, "revoked": fault.Auth} {
		a, server := setup(t, sim.Options{})
		server.Hold(sim.Domain{Name: "example.com"})
		fail(t, server, "get_extension", kind)
		_, err := a.ListPage(t.Context(), "")
		wantClass(t, err, want)
	}
}

func TestAnExportThatIsNotWholeIsRefused(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{ExportCap: 2})
	server.Hold(sim.Domain{Name: "a.com"}, sim.Domain{Name: "b.com"}, sim.Domain{Name: "c.com"})
	_, err := open(t, server, realtimeregister.Config{}).ListPage(t.Context(), "")
	wantClass(t, err, fault.Protocol)
	if !strings.Contains(err.Error(), "page_size") {
		t.Errorf("it does not say what helps: %v", err)
	}
	same(t, "in pages", 3, len(listed(t, open(t, server, realtimeregister.Config{PageSize: 2}))))
}

func TestListsWithoutATotalEndWithAnEmptyPage(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{NoTotals: true})
	server.Hold(sim.Domain{Name: "a.com"}, sim.Domain{Name: "b.com"}, sim.Domain{Name: "c.com"}, sim.Domain{Name: "d.com"})
	for _, size := range []int{0, 2, 3} {
		same(t, "domains", 4, len(listed(t, open(t, server, realtimeregister.Config{PageSize: size}))))
	}
}

func TestPagesBehindTheFirstSayGaps(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(sim.Domain{Name: "a.com"}, sim.Domain{Name: "b.com"})
	a := open(t, server, realtimeregister.Config{PageSize: 1})
	first, err := a.ListPage(t.Context(), "")
	wantClass(t, err, "")
	second, err := a.ListPage(t.Context(), first.Next)
	wantClass(t, err, "")
	same(t, "gaps", [2]bool{false, true}, [2]bool{first.Gaps, second.Gaps})
}

func TestAbsenceHasTwoStatusesAndOneType(t *testing.T) {
	t.Parallel()
	for _, opt := range []sim.Options{{}, {Absent404: true}} {
		a, server := setup(t, opt)
		server.Hold(sim.Domain{Name: "foreign.com", Foreign: true})
		for _, name := range []registrar.Name{"absent.com", "foreign.com"} {
			_, err := a.Get(t.Context(), name)
			wantClass(t, err, fault.NotFound)
			_, err = a.Transfer(t.Context(), name)
			wantClass(t, err, fault.NotFound)
			_, err = a.SetAutoRenew(t.Context(), registrar.Domain{Name: name}, true)
			wantClass(t, err, fault.Rejected)
		}
	}
}

func TestAnAnswerAboutAnotherNameIsNone(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"domainName":"other.com","status":["OK"],"type":"IN"}`)
	}))
	t.Cleanup(server.Close)
	a, err := realtimeregister.New(realtimeregister.Config{Account: "rr", APIKey: apiKey, BaseURL: server.URL})
	wantClass(t, err, "")
	t.Cleanup(a.Close)
	_, err = a.Get(t.Context(), "example.com")
	wantClass(t, err, fault.Protocol)
	_, err = a.Transfer(t.Context(), "example.com")
	wantClass(t, err, fault.Protocol)
}

func TestNothingIsBought(t *testing.T) {
	t.Parallel()
	a, server := setup(t, sim.Options{Costs: true})
	server.Hold(sim.Domain{Name: "example.com"})
	_, err := a.SetPrivacy(t.Context(), registrar.Domain{Name: "example.com"}, true)
	wantClass(t, err, fault.Rejected)
	d, _ := server.Domain("example.com")
	same(t, "privacy", false, d.Privacy)
}

func TestWhatIsCarriedOutLaterIsNoted(t *testing.T) {
	t.Parallel()
	for atOnce, want := range map[bool][]string{false: {"accepted; process 1001 carries it out"}, true: nil} {
		a, server := setup(t, sim.Options{AtOnce: atOnce})
		server.Hold(sim.Domain{Name: "example.com"})
		notes, err := a.SetAutoRenew(t.Context(), registrar.Domain{Name: "example.com"}, true)
		wantClass(t, err, "")
		same(t, "notes", want, notes)
	}
}

func TestANameThatIsThereHasNotLeft(t *testing.T) {
	t.Parallel()
	a, server := setup(t, sim.Options{})
	server.Note(sim.Process{Identifier: "back.com", Type: "domain", Action: "outgoingTransfer", Status: "COMPLETED", Created: "2026-03-01T10:00:00Z"})
	_, err := a.Departed(t.Context(), "back.com")
	wantClass(t, err, "")
	server.Hold(sim.Domain{Name: "back.com"})
	_, err = a.Departed(t.Context(), "back.com")
	wantClass(t, err, fault.NotFound)
}

func TestAHistoryThatMayHideTheNewestIsNoEvidence(t *testing.T) {
	t.Parallel()
	for unsorted, want := range map[bool]fault.Class{false: "", true: fault.NotFound} {
		a, server := setup(t, sim.Options{Unsorted: unsorted})
		note := func(action, at string) {
			server.Note(sim.Process{Identifier: "left.com", Type: "domain", Action: action, Status: "COMPLETED", Created: at})
		}
		note("outgoingTransfer", "2026-03-01T10:00:00Z")
		for i := range 100 {
			note("update", time.Date(2025, 1, 1, i, 0, 0, 0, time.UTC).Format(time.RFC3339))
		}
		_, err := a.Departed(t.Context(), "left.com")
		wantClass(t, err, want)
	}
}

func TestATransferThatHasEndedIsHeldAgainstTheAccount(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		word string
		held []string // its status words; nil = not held
		want registrar.TransferState
	}{
		"completed and there":       {"completed", []string{"OK"}, registrar.TransferCompleted},
		"completed and gone again":  {"completed", nil, registrar.TransferUnknown},
		"completed and unclear":     {"completed", []string{"PENDING_VALIDATION"}, registrar.TransferUnknown},
		"failed":                    {"failed", nil, registrar.TransferFailed},
		"failed, yet there":         {"failed", []string{"OK"}, registrar.TransferCompleted},
		"failed, and there unclear": {"failed", []string{"PENDING_TRANSFER"}, registrar.TransferFailed},
		"under way":                 {"pending", []string{"PENDING_TRANSFER"}, registrar.TransferPending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, server := setup(t, sim.Options{})
			server.Order(sim.Transfer{Name: "example.com", Type: "IN", Status: tc.word})
			if tc.held != nil {
				server.Hold(sim.Domain{Name: "example.com", Status: tc.held})
			}
			got, err := a.Transfer(t.Context(), "example.com")
			wantClass(t, err, "")
			same(t, "state", tc.want, got.State)
		})
	}
}

func TestNoAuthCodeIsEvenAskedFor(t *testing.T) {
	t.Parallel()
	a, server := setup(t, sim.Options{})
	server.Hold(sim.Domain{Name: "example.com", Expiry: "2031-03-30T12:00:00Z"})
	looked, err := a.Get(t.Context(), "example.com")
	wantClass(t, err, "")
	for _, d := range append(listed(t, a), looked) {
		if strings.Contains(fmt.Sprintf("%+v", d), authCode) {
			t.Errorf("an auth code is in %+v", d)
		}
	}
}

func fail(t *testing.T, server *sim.Server, call, kind string) {
	t.Helper()
	if err := server.SetFaults(simkit.Fault{Call: call, Kind: simkit.Kind(kind)}); err != nil {
		t.Fatal(err)
	}
}
