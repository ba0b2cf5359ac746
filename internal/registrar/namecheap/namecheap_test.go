package namecheap_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/namecheap"
	"github.com/whmcsync/whmcsync/internal/registrar/namecheap/sim"
	"github.com/whmcsync/whmcsync/internal/simkit"
)

func TestAWrongConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]namecheap.Config{
		"api_user":                   {APIKey: apiKey, ClientIP: clientIP},
		"api_key":                    {APIUser: apiUser, ClientIP: clientIP},
		"client_ip is missing":       {APIUser: apiUser, APIKey: apiKey},
		"client_ip must be an IPv4":  {APIUser: apiUser, APIKey: apiKey, ClientIP: "2001:db8::1"},
		"base_url must use https":    {APIUser: apiUser, APIKey: apiKey, ClientIP: clientIP, BaseURL: "http://api.example.test"},
		"client_ip must be an IPv4 ": {APIUser: apiUser, APIKey: apiKey, ClientIP: "localhost"},
	} {
		if _, err := namecheap.New(cfg); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), apiKey) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]namecheap.Config{
		"a foreign user":             {APIUser: "mallory"},
		"a wrong key":                {APIKey: "another-secret-key"},
		"an address not on the list": {ClientIP: "192.0.2.99"},
	} {
		t.Run(name+" is an authentication failure", func(t *testing.T) {
			t.Parallel()
			account := open(t, startSim(t, sim.Options{}), cfg)
			_, err := account.Check(t.Context())
			if !fault.Is(err, fault.Auth) || strings.Contains(err.Error(), "another-secret-key") {
				t.Error(err)
			}
		})
	}
}

func TestTheKeyIsNeverInAURL(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	account := open(t, server, namecheap.Config{})
	if _, err := account.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]simkit.Violation{}, server.Violations()); diff != "" {
		t.Error(diff)
	}
}

func TestTheLimitsOfAKey(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	server := startSim(t, sim.Options{PerMinute: 20, Options: simkit.Options{Clock: func() time.Time { return now }}})
	account := open(t, server, namecheap.Config{})
	for call := 1; call <= 21; call++ {
		_, err := account.Check(t.Context())
		if limited := fault.Is(err, fault.RateLimited); limited != (call > 20) || err != nil && !limited {
			t.Errorf("call %d: %v", call, err)
		}
	}
}

func fill(server *sim.Server, n int) {
	for i := range n {
		server.Hold(sim.Domain{Name: fmt.Sprintf("name-%05d.test", i), Status: "Ok", Expires: "03/04/2027", Privacy: "ENABLED"})
	}
}

func TestAListingTakesAsFewCallsAsTheAPIAllows(t *testing.T) {
	t.Parallel()
	for names, calls := range map[int]int64{0: 1, 1: 1, 100: 1, 101: 2, 250: 3} {
		server := startSim(t, sim.Options{})
		fill(server, names)
		account := open(t, server, namecheap.Config{})
		got := 0
		for after, done := registrar.Cursor(""), false; !done; {
			page, err := account.ListPage(t.Context(), after)
			if err != nil {
				t.Fatal(err)
			}
			if page.Total != names || page.Gaps != (after != "") {
				t.Errorf("%d names: total %d, gaps %v after %q", names, page.Total, page.Gaps, after)
			}
			got, after, done = got+len(page.Domains), page.Next, page.Done
		}
		if server.Counts().TotalCalls != calls || got != names {
			t.Errorf("%d names: %d in %d calls", names, got, server.Counts().TotalCalls)
		}
	}
}

func TestAListThatEndsBeforeItsEndIsAnError(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	fill(server, 50)
	account := open(t, server, namecheap.Config{})
	if _, err := account.ListPage(t.Context(), "page=3 size=100 seen=20"); !fault.Is(err, fault.Protocol) {
		t.Error(err)
	}
}

func TestASharedDomainIsNotJudged(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(sim.Domain{Name: "a.test", Status: "Expired", Foreign: true})
	got, err := open(t, server, namecheap.Config{}).Get(t.Context(), "a.test")
	if err != nil || got.Status != registrar.Unknown {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPrivacyThatCannotBeSwitched(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(sim.Domain{Name: "none.test", Status: "Ok", Privacy: "NOTPRESENT"}, sim.Domain{Name: "nowhere.test", Status: "Ok", Privacy: "DISABLED"})
	account := open(t, server, namecheap.Config{})
	for _, name := range []registrar.Name{"none.test", "nowhere.test"} {
		if _, err := account.SetPrivacy(t.Context(), registrar.Domain{Name: name}, true); !fault.Is(err, fault.Rejected) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := account.SetPrivacy(t.Context(), registrar.Domain{Name: name}, false); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if calls := server.Counts().Calls; calls["enable_privacy"]+calls["disable_privacy"] != 0 {
		t.Errorf("%v", calls)
	}
}

func TestTheNewestTransferOfExactlyThisNameIsTold(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Order(
		sim.Transfer{Name: "a.test", StatusID: "22", Status: "CANCELLED", Description: "locked"},
		sim.Transfer{Name: "A.TEST", StatusID: "32", Status: "WAITINGFOREPP", Description: "Invalid key"},
	)
	for i := range 25 {
		server.Order(sim.Transfer{Name: fmt.Sprintf("%d-a.test", i), StatusID: "5", Status: "COMPLETED"})
	}
	account := open(t, server, namecheap.Config{PageSize: 10})
	got, err := account.Transfer(t.Context(), "a.test")
	want := registrar.Transfer{Name: "a.test", ID: "2", State: registrar.TransferPending, Raw: "32 WAITINGFOREPP", Reason: "Invalid key"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := account.Transfer(t.Context(), "4-a.tes"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a part of a name: %v", err)
	}
}

func TestTheHistoryOfTransfersIsNotReadToLearnWhichArePending(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	for i := range 250 {
		server.Order(sim.Transfer{Name: fmt.Sprintf("old%d.test", i), StatusID: "5", Status: "COMPLETED"})
	}
	server.Order(sim.Transfer{Name: "now.test", StatusID: "14", Status: "INPROGRESS"}, sim.Transfer{Name: "waits.test", StatusID: "32", Status: "WAITINGFOREPP"})
	page, err := open(t, server, namecheap.Config{}).ListTransfersPage(t.Context(), "")
	if err != nil || !page.Done || len(page.Transfers) != 2 || server.Counts().TotalCalls != 1 {
		t.Errorf("%+v, %v, after %d calls", page, err, server.Counts().TotalCalls)
	}
}

func TestACompletedTransferOfANameThatIsNotOursConcludesNothing(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(sim.Domain{Name: "shared.test", Status: "Ok", Foreign: true})
	for _, name := range []string{"gone.test", "shared.test"} {
		server.Order(sim.Transfer{Name: name, StatusID: "5", Status: "COMPLETED"})
		got, err := open(t, server, namecheap.Config{}).Transfer(t.Context(), registrar.Name(name))
		if err != nil || got.State != registrar.TransferUnknown || got.Raw != "5 COMPLETED" || got.Dates != (registrar.Dates{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestASearchThatFindsTooManyOtherNamesEnds(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	for i := range 60 {
		server.Order(sim.Transfer{Name: fmt.Sprintf("%d-a.test", i), StatusID: "5", Status: "COMPLETED"})
	}
	account := open(t, server, namecheap.Config{PageSize: 10})
	if _, err := account.Transfer(t.Context(), "a.test"); !fault.Is(err, fault.Protocol) {
		t.Error(err)
	}
	if calls := server.Counts().TotalCalls; calls != 5 {
		t.Errorf("%d calls", calls)
	}
}

func TestAListingTellsWhetherANameRenewsByItselfAndALookUpDoesNot(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(sim.Domain{Name: "a.test", Status: "Ok", AutoRenew: true}, sim.Domain{Name: "b.test", Status: "Ok"})
	account := open(t, server, namecheap.Config{})
	page, err := account.ListPage(t.Context(), "")
	if err != nil || len(page.Domains) != 2 || page.Domains[0].AutoRenew != registrar.On || page.Domains[1].AutoRenew != registrar.Off {
		t.Errorf("%+v, %v", page, err)
	}
	if got, err := account.Get(t.Context(), "a.test"); err != nil || got.AutoRenew != registrar.NotTold {
		t.Errorf("%+v, %v", got, err)
	}
}
