package opensrs_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/sim"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/wire"
	"github.com/whmcsync/whmcsync/internal/simkit"
)

const late = "2031-03-30 23:59:59"

func named(n int) []sim.Domain {
	all := make([]sim.Domain, 0, n)
	for i := range n {
		all = append(all, sim.Domain{Name: fmt.Sprintf("name%05d.com", i), Expiry: late, AuthCode: authCode})
	}
	return all
}

// listing reads all pages.
func listing(t *testing.T, account *opensrs.Account) (names []registrar.Name, last registrar.Page) {
	t.Helper()
	for !last.Done {
		page, err := account.ListPage(t.Context(), last.Next)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page.Domains {
			names = append(names, d.Name)
		}
		last = page
	}
	return names, last
}

func TestAWholeAccountIsListedWithOneCall(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(named(7000)...)
	names, last := listing(t, open(t, server, opensrs.Config{}))
	if len(names) != 7000 || last.Total != 7000 || last.Gaps {
		t.Errorf("%d names, %d in all, gaps %v", len(names), last.Total, last.Gaps)
	}
	if calls := server.Counts().Calls; calls["get_domains_by_expiredate"] != 1 {
		t.Errorf("calls: %v", calls)
	}
}

func TestPagesMayCountFromZeroOrOne(t *testing.T) {
	t.Parallel()
	for _, fromZero := range []bool{false, true} {
		for _, pageCap := range []int{0, 3} {
			for n := range 11 {
				t.Run(fmt.Sprintf("%d names, from zero %v, cap %d", n, fromZero, pageCap), func(t *testing.T) {
					t.Parallel()
					server := startSim(t, sim.Options{FromZero: fromZero, PageCap: pageCap})
					server.Hold(named(n)...)
					names, last := listing(t, open(t, server, opensrs.Config{PageSize: 4}))
					slices.Sort(names)
					if names = slices.Compact(names); len(names) != n || last.Total != n {
						t.Errorf("%d different names, %d in all", len(names), last.Total)
					}
				})
			}
		}
	}
}

func TestAListingThatStaysShortSaysSo(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(named(8)...)
	account := open(t, server, opensrs.Config{PageSize: 4})
	first, err := account.ListPage(t.Context(), "")
	if err != nil || first.Done || first.Gaps {
		t.Fatalf("%+v, %v", first, err)
	}
	for i := range 8 { // in front of everything: what comes next is what came before
		server.Hold(sim.Domain{Name: fmt.Sprintf("early%d.com", i), Expiry: "2027-01-01 00:00:00"})
	}
	for _, d := range named(8) {
		server.Remove(d.Name)
	}
	page := first
	for !page.Done {
		if page, err = account.ListPage(t.Context(), page.Next); err != nil || !page.Gaps {
			t.Fatalf("%+v, %v", page, err)
		}
	}
}

func TestAServerThatDoesNotPageIsNotFollowedForEver(t *testing.T) {
	t.Parallel()
	row := wire.Texts(map[string]string{"name": "example.com", "expiredate": late})
	answer := wire.Texts(map[string]string{"is_success": "1", "response_code": "200"})
	answer.Map["attributes"] = wire.Value{Map: map[string]wire.Value{
		"exp_domains": {List: []wire.Value{row}}, "total": {Text: "3"}, "remainder": {Text: "1"},
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(wire.Encode(answer)) }))
	t.Cleanup(server.Close)
	account, err := opensrs.New(opensrs.Config{Username: username, Key: apiKey, BaseURL: server.URL, PageSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(account.Close)
	var page registrar.Page
	for range 20 {
		if page, err = account.ListPage(t.Context(), page.Next); err != nil || page.Done {
			break
		}
	}
	if !fault.Is(err, fault.Protocol) {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestARowThatIsNoNameIsLeftOut(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(sim.Domain{Name: "not a name", Expiry: late}, sim.Domain{Name: "BÜCHER.example", Expiry: late, AutoRenew: true})
	page, err := open(t, server, opensrs.Config{}).ListPage(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	want := []registrar.Domain{{
		Name: "xn--bcher-kva.example", Status: registrar.Active, AutoRenew: registrar.On,
		Dates: registrar.Dates{Expiration: registrar.Date{Day: civil.Must("2031-03-30")}},
	}}
	if diff := cmp.Diff(want, page.Domains); diff != "" {
		t.Error(diff)
	}
}

func TestWrongCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	const wrong = "another-key-0123456789"
	account := open(t, server, opensrs.Config{Key: wrong})
	_, err := account.Check(t.Context())
	if !fault.Is(err, fault.Auth) || strings.Contains(err.Error(), wrong) {
		t.Error(err)
	}
}

func TestACheckTellsHowManyNamesThereAre(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(named(3)...)
	health, err := open(t, server, opensrs.Config{}).Check(t.Context())
	if err != nil || health.Domains != 3 || server.Counts().TotalCalls != 1 {
		t.Errorf("%+v, %v, %d calls", health, err, server.Counts().TotalCalls)
	}
}

func TestNoConnectionIsUsedTooOften(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(named(1)...)
	account := open(t, server, opensrs.Config{})
	for range 130 {
		if _, err := account.Get(t.Context(), "name00000.com"); err != nil {
			t.Fatal(err)
		}
	}
	if violations := server.Violations(); len(violations) > 0 {
		t.Errorf("%+v", violations)
	}
}

func TestANameOfAnotherResellerIsNotFound(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(sim.Domain{Name: "pushed.com", Expiry: late, Pushed: true})
	account := open(t, server, opensrs.Config{})
	if _, err := account.Get(t.Context(), "pushed.com"); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	if _, err := account.Departed(t.Context(), "pushed.com"); !fault.Is(err, fault.NotFound) {
		t.Errorf("evidence: %v", err)
	}
}

func TestAnAuthCodeNeverComesOut(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{Latin1: true})
	server.Hold(sim.Domain{Name: "example.com", Expiry: late, AuthCode: authCode, Holder: "Åsa Öberg"})
	got, err := open(t, server, opensrs.Config{}).Get(t.Context(), "example.com")
	if text := fmt.Sprintf("%+v %v", got, err); err != nil || strings.Contains(text, authCode) || strings.Contains(text, "Öberg") {
		t.Error(text)
	}
}

func TestPrivacyThatIsRefusedIsNotTold(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(sim.Domain{Name: "example.com", Expiry: late, Changeable: "0"})
	account := open(t, server, opensrs.Config{})
	_, err := account.SetPrivacy(t.Context(), registrar.Domain{Name: "example.com"}, true)
	if !fault.Is(err, fault.Rejected) {
		t.Error(err)
	}
	if err := server.SetFaults(simkit.Fault{Call: "get_whois_privacy_state", Kind: simkit.KindStatus, Value: 422}); err != nil {
		t.Fatal(err)
	}
	got, err := account.Get(t.Context(), "example.com")
	if err != nil || got.Privacy != registrar.NotTold || got.PrivacyAllowed != registrar.NotTold || got.Dates.Expiration.Day.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTransfersAreHeldAgainstTheAccount(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(sim.Domain{Name: "here.com", Expiry: late}, sim.Domain{Name: "bought.com", Expiry: late})
	server.Transfer(
		sim.Transfer{Domain: "here.com", Status: "completed"}, sim.Transfer{Domain: "left.com", Status: "completed"},
		sim.Transfer{Domain: "bought.com", Status: "cancelled", Reason: "no"}, sim.Transfer{Domain: "failed.com", Status: "cancelled", Reason: "no"},
		sim.Transfer{Domain: "again.com", Status: "cancelled"}, sim.Transfer{Domain: "again.com", Status: "pending_registry"},
	)
	account := open(t, server, opensrs.Config{})
	for name, want := range map[registrar.Name]registrar.TransferState{
		"here.com": registrar.TransferCompleted, "left.com": registrar.TransferUnknown, "bought.com": registrar.TransferCompleted,
		"failed.com": registrar.TransferFailed, "again.com": registrar.TransferPending,
	} {
		got, err := account.Transfer(t.Context(), name)
		if err != nil || got.State != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := account.Transfer(t.Context(), "never.com"); !fault.Is(err, fault.NotFound) {
		t.Errorf("never heard of: %v", err)
	}
}

func TestOldTransfersAreNotListed(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Transfer(sim.Transfer{Domain: "old.com", Status: "cancelled", Ordered: "2020-01-01"}, sim.Transfer{Domain: "new.com", Status: "pending_owner"})
	page, err := open(t, server, opensrs.Config{}).ListTransfersPage(t.Context(), "")
	if err != nil || !page.Done || len(page.Transfers) != 1 || page.Transfers[0].Name != "new.com" {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestANameThatCameBackHasNotLeft(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{Patterns: true})
	server.Delete(sim.Deletion{Name: "example.com", Day: "07-JAN-2016 13:51:53", Reason: "Expired"})
	account := open(t, server, opensrs.Config{})
	how, err := account.Departed(t.Context(), "example.com")
	if err != nil || how.Status != registrar.Deleted {
		t.Errorf("%+v, %v", how, err)
	}
	if _, err := account.Departed(t.Context(), "ample.com"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a name that only looks alike: %v", err)
	}
	server.Hold(sim.Domain{Name: "example.com", Expiry: late})
	if _, err := account.Departed(t.Context(), "example.com"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a name that came back: %v", err)
	}
}

func TestAConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]opensrs.Config{
		"username": {Key: apiKey}, "key": {Username: username}, "page size": {Username: username, Key: apiKey, PageSize: -1},
		"https": {Username: username, Key: apiKey, BaseURL: "http://opensrs.example"},
	} {
		if _, err := opensrs.New(cfg); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), apiKey) {
			t.Errorf("%s: %v", want, err)
		}
	}
	account, err := opensrs.New(opensrs.Config{Username: username, Key: apiKey})
	if err != nil {
		t.Fatal(err)
	}
	account.Close()
}
