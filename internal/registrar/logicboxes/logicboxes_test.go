package logicboxes_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes"
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes/sim"
)

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	good := logicboxes.Config{Account: "rc", UserID: userID, APIKey: apiKey}
	for what, change := range map[string]func(*logicboxes.Config){
		"user_id":   func(c *logicboxes.Config) { c.UserID = "me@example.test" },
		"api_key":   func(c *logicboxes.Config) { c.APIKey = "" },
		"page_size": func(c *logicboxes.Config) { c.PageSize = 9 },
		"base_url":  func(c *logicboxes.Config) { c.BaseURL = "http://httpapi.com/api" },
	} {
		cfg := good
		change(&cfg)
		if _, err := logicboxes.New(cfg); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := logicboxes.New(good); err != nil {
		t.Error(err)
	}
}

// seed puts n active orders in, and returns their names.
func seed(server *sim.Server, n int) map[registrar.Name]bool {
	all := map[registrar.Name]bool{}
	for i := range n {
		name := fmt.Sprintf("name%04d.com", (i*7919)%10007)
		server.Seed(sim.Order{Name: name, EndTime: "1804204799"})
		all[registrar.Name(name)] = true
	}
	return all
}

// walk reads to the end, and returns the names and whether a page said Gaps.
func walk(t *testing.T, account *logicboxes.Account, between func(registrar.Page)) (names map[registrar.Name]bool, pages int, gaps bool) {
	t.Helper()
	names = map[registrar.Name]bool{}
	for cursor := registrar.Cursor(""); ; {
		page, err := account.ListPage(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		pages, gaps = pages+1, gaps || page.Gaps
		for _, d := range page.Domains {
			names[d.Name] = true
		}
		if page.Done {
			return names, pages, gaps
		}
		if between != nil {
			between(page)
		}
		cursor = page.Next
	}
}

func TestAListingTakesNoCallMoreThanItHasPages(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{0: 1, 10: 1, 11: 2, 30: 3} {
		account, server := setup(t, sim.Options{HideDeleted: true})
		seed(server, n)
		if _, pages, gaps := walk(t, account, nil); pages != want || gaps || server.Counts().TotalCalls != int64(want) {
			t.Errorf("%d names: %d pages, gaps %v, %v", n, pages, gaps, server.Counts().Calls)
		}
	}
}

func TestWhatComesAndGoesWhileListing(t *testing.T) {
	t.Parallel()
	oldest := func(p registrar.Page) string { return string(p.Domains[len(p.Domains)-1].Name) }
	for _, tc := range []struct {
		what     string
		between  func(*sim.Server, registrar.Page)
		wantGaps bool
	}{
		{"one that was met goes", func(s *sim.Server, p registrar.Page) { s.Remove(oldest(p)) }, true},
		{"one comes", func(s *sim.Server, p registrar.Page) { s.Seed(sim.Order{Name: "new-" + oldest(p)}) }, false},
		{"one that was met goes as another one comes", func(s *sim.Server, p registrar.Page) {
			s.Remove(oldest(p))
			s.Seed(sim.Order{Name: "new-" + oldest(p)})
		}, false},
	} {
		account, server := setup(t, sim.Options{})
		staying := seed(server, 45)
		met, _, gaps := walk(t, account, func(p registrar.Page) {
			if len(p.Domains) > 0 {
				tc.between(server, p)
			}
		})
		if gaps != tc.wantGaps {
			t.Errorf("%s: gaps %v", tc.what, gaps)
		}
		for name := range staying {
			if !met[name] && !gaps {
				t.Errorf("%s: %s was missed without a word", tc.what, name)
			}
		}
	}
}

func TestAServerThatDoesNotSortIsNotTrusted(t *testing.T) {
	t.Parallel()
	account, server := setup(t, sim.Options{Unsorted: true})
	want := seed(server, 25)
	met, _, gaps := walk(t, account, nil)
	if diff := cmp.Diff(want, met); diff != "" || !gaps {
		t.Errorf("gaps %v; %s", gaps, diff)
	}
}

func TestAListingThatNeverEndsIsGivenUp(t *testing.T) {
	t.Parallel()
	account, server := setup(t, sim.Options{})
	seed(server, 5)
	_, err := account.ListPage(t.Context(), "page=9 size=10 met=1 total=5 grown=0 last=7000001")
	if !fault.Is(err, fault.Protocol) {
		t.Errorf("got %v", err)
	}
}

func TestADeletedOrderDoesNotHideTheOrderAfterIt(t *testing.T) {
	t.Parallel()
	account, server := setup(t, sim.Options{})
	server.Seed(sim.Order{Name: "example.com", Status: "Deleted"}, sim.Order{Name: "example.com", EndTime: "1804204799"}, sim.Order{Name: "left.com", Status: "Deleted"})
	page, err := account.ListPage(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	want := []registrar.Domain{{
		Name: "example.com", ID: "7000002", Status: registrar.Active, Raw: "Active",
		Dates: registrar.Dates{Expiration: registrar.Date{Day: civil.Must("2027-03-04")}},
	}}
	if diff := cmp.Diff(want, page.Domains); diff != "" {
		t.Error(diff)
	}
}

func TestNoAuthCodeIsPassedOn(t *testing.T) {
	t.Parallel()
	account, server := setup(t, sim.Options{})
	seed(server, 1)
	d, err := account.Get(t.Context(), "name0000.com")
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%#v", d); strings.Contains(text, "aUTH") {
		t.Errorf("it is in %s", text)
	}
}

func TestAWrongKeyIsFoundOut(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	account, err := logicboxes.New(logicboxes.Config{Account: "rc", UserID: userID, APIKey: "other", BaseURL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(account.Close)
	if _, err := account.Check(t.Context()); !fault.Is(err, fault.Auth) {
		t.Errorf("got %v", err)
	}
}

func TestNoCredentialIsPassedOn(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"status": "ERROR", "message": r.URL.String() + " " + r.FormValue("api-key")})
	}))
	t.Cleanup(server.Close)
	account, err := logicboxes.New(logicboxes.Config{Account: "rc", UserID: userID, APIKey: apiKey, BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(account.Close)
	_, err = account.Check(t.Context())
	for _, secret := range []string{userID, apiKey, url.QueryEscape(apiKey)} {
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("it is in: %v", err)
		}
	}
}

func TestPrivacy(t *testing.T) {
	t.Parallel()
	account, server := setup(t, sim.Options{RefuseSame: true})
	server.Seed(sim.Order{Name: "example.com", Privacy: "false"}, sim.Order{Name: "example.us", Privacy: "na"})
	t.Run("an invoice is remarked upon", func(t *testing.T) {
		notes, err := account.SetPrivacy(t.Context(), registrar.Domain{Name: "example.com"}, true)
		if diff := cmp.Diff([]string{"an invoice was raised for it: number 8801 EUR 0.00"}, notes); diff != "" || err != nil {
			t.Errorf("%v; %s", err, diff)
		}
	})
	t.Run("a refusal of what is so already is no error", func(t *testing.T) {
		if _, err := account.SetPrivacy(t.Context(), registrar.Domain{Name: "example.com"}, true); err != nil {
			t.Error(err)
		}
	})
	t.Run("an extension that does not know it is a refusal, asked or not", func(t *testing.T) {
		for _, allowed := range []registrar.Tri{registrar.NotTold, registrar.Off} {
			_, err := account.SetPrivacy(t.Context(), registrar.Domain{Name: "example.us", PrivacyAllowed: allowed}, true)
			if !fault.Is(err, fault.Rejected) {
				t.Errorf("allowed %v: %v", allowed, err)
			}
		}
	})
}

func TestTransfersThatRunAreListedAndNoOthers(t *testing.T) {
	t.Parallel()
	account, server := setup(t, sim.Options{NoneIsError: true})
	transfer := func(name, status string, action sim.Action) {
		action.Order = server.Seed(sim.Order{Name: name, Status: status})[0]
		server.Act(action)
	}
	failed := sim.Action{Type: "AddTransferDomain", Archived: true, Status: "Failed", StatusDesc: "Not approved"}
	transfer("again.com", "Deleted", failed)
	transfer("lost.com", "Deleted", failed)
	transfer("again.com", "InActive", sim.Action{Type: "AddTransferDomain", Status: "Waiting", StatusDesc: "Waits for the owner"})
	transfer("new.com", "InActive", sim.Action{Type: "AddNewDomain", Status: "Waiting"})
	transfer("stuck.com", "InActive", failed)
	page, err := account.ListTransfersPage(t.Context(), "")
	want := []registrar.Transfer{
		{Name: "again.com", ID: "7000005", State: registrar.TransferPending, Raw: "Waiting", Reason: "Waits for the owner"},
	}
	if diff := cmp.Diff(want, page.Transfers); diff != "" || err != nil || server.Counts().TotalCalls != 2 {
		t.Errorf("%v, after %v: %s", err, server.Counts().Calls, diff)
	}
	for name, want := range map[registrar.Name]registrar.TransferState{
		"again.com": registrar.TransferPending, "lost.com": registrar.TransferFailed, "stuck.com": registrar.TransferFailed,
	} {
		if got, err := account.Transfer(t.Context(), name); err != nil || got.State != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestATransferThatRunsIsFoundBehindAFullPageOfOtherActions(t *testing.T) {
	t.Parallel()
	account, server := setup(t, sim.Options{PageCap: 4})
	id := server.Seed(sim.Order{Name: "example.com", Status: "InActive", ActionType: "AddTransferDomain"})[0]
	server.Act(sim.Action{Order: id, Archived: true, Type: "AddTransferDomain", Status: "Failed", StatusDesc: "The first attempt"})
	for range 6 {
		server.Act(sim.Action{Order: id, Type: "ModContact", Status: "Waiting"})
	}
	server.Act(sim.Action{Order: id, Type: "AddTransferDomain", Status: "Waiting"})
	page, err := account.ListTransfersPage(t.Context(), "")
	if err != nil || len(page.Transfers) != 1 || page.Transfers[0].State != registrar.TransferPending {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestActionsThatNeverEndAreGivenUp(t *testing.T) {
	t.Parallel()
	row := `{"orders.orderid":"7","entity.description":"example.com","entity.currentstatus":"InActive","eaqid":"1","entityid":"9"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"recsindb":"100000","1":%s}`, row)
	}))
	t.Cleanup(server.Close)
	account, err := logicboxes.New(logicboxes.Config{Account: "rc", UserID: userID, APIKey: apiKey, BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(account.Close)
	if _, err := account.ListTransfersPage(t.Context(), ""); !fault.Is(err, fault.Protocol) {
		t.Error(err)
	}
}

func TestAnOrderThatVanishedWithoutAClearWordIsNoEvidence(t *testing.T) {
	t.Parallel()
	account, server := setup(t, sim.Options{NoneIsError: true})
	id := server.Seed(sim.Order{Name: "example.com", Status: "Archived"}, sim.Order{Name: "myexample.com", Status: "Deleted"})
	server.Act(sim.Action{Order: id[0], Archived: true, Type: "RenewDomain", Status: "Success"}, sim.Action{Order: id[1], Archived: true, Type: "DelDomain", Status: "Success"})
	for _, name := range []registrar.Name{"example.com", "never.com"} {
		if d, err := account.Departed(t.Context(), name); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	if d, err := account.Departed(t.Context(), "myexample.com"); err != nil || d.Status != registrar.Deleted {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestTheLastOrderAndTheLastActionDecide(t *testing.T) {
	t.Parallel()
	account, server := setup(t, sim.Options{})
	ids := server.Seed(
		sim.Order{ID: 9, Name: "example.com", Status: "Deleted"}, sim.Order{ID: 10, Name: "example.com", Status: "Deleted"},
		sim.Order{ID: 8, Name: "example.com", Status: "Archived"},
	)
	for i, action := range []string{"DelDomain", "TransferAwayDomain", "DelDomain"} {
		server.Act(sim.Action{ID: int64(100 - i), Order: ids[i], Archived: true, Type: action, Status: "Success", Completed: "1793400000"})
	}
	server.Act(
		sim.Action{ID: 12, Order: 10, Archived: true, Type: "AddTransferDomain", Status: "Failed", StatusDesc: "the second"},
		sim.Action{ID: 9, Order: 10, Archived: true, Type: "AddTransferDomain", Status: "Failed", StatusDesc: "the first"},
	)
	left, err := account.Departed(t.Context(), "example.com")
	want := registrar.Departure{Status: registrar.TransferredAway, Day: civil.Must("2026-10-30"), Raw: "TransferAwayDomain"}
	if diff := cmp.Diff(want, left); diff != "" || err != nil {
		t.Errorf("%v; %s", err, diff)
	}
	transfer, err := account.Transfer(t.Context(), "example.com")
	if err != nil || transfer.ID != "10" || transfer.Reason != "the second" {
		t.Errorf("%+v, %v", transfer, err)
	}
}
