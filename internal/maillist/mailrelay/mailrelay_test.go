package mailrelay_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
)

func seed(server *sim.Server, n int) (emails []string) {
	for i := range n {
		email := fmt.Sprintf("p%04d@example.test", i)
		server.Seed(sim.Person{Email: email, Groups: []int64{1}})
		emails = append(emails, email)
	}
	return emails
}

func listAll(t *testing.T, account *mailrelay.Account) (entries []maillist.Entry) {
	t.Helper()
	var cursor maillist.Cursor
	for range 200 {
		page, err := account.ListPage(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, page.Entries...)
		if page.Done {
			return entries
		}
		cursor = page.Next
	}
	t.Fatal("the listing does not end")
	return nil
}

func addresses(entries []maillist.Entry) []string {
	all := make([]string, 0, len(entries))
	for _, e := range entries {
		all = append(all, e.Email)
	}
	slices.Sort(all)
	return all
}

func TestListingOnServersThatDiffer(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		opt   sim.Options
		n     int
		calls int64
	}{
		{"ids are obeyed", sim.Options{}, 50, 6},
		{"ids are obeyed and pages capped", sim.Options{PageCap: 7}, 49, 8},
		{"ids are ignored", sim.Options{ByID: sim.Ignored}, 50, 7},
		{"ids are ignored and pages capped", sim.Options{ByID: sim.Ignored, PageCap: 7}, 49, 9},
		{"ids are denied", sim.Options{ByID: sim.Denied}, 50, 7},
		{"ids are denied and pages capped", sim.Options{ByID: sim.Denied, PageCap: 7}, 49, 9},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := startSim(t, tc.opt)
			want := seed(server, tc.n)
			got := listAll(t, open(t, server, mailrelay.Config{PageSize: 10}))
			if diff := cmp.Diff(want, addresses(got)); diff != "" {
				t.Error(diff)
			}
			if calls := server.Summary().TotalCalls; calls != tc.calls {
				t.Errorf("%d calls, want %d", calls, tc.calls)
			}
		})
	}
}

func TestSizeReallyUsedIsAskedForNext(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{PageCap: 7, ByID: sim.Ignored})
	seed(server, 20)
	account := open(t, server, mailrelay.Config{PageSize: 10})
	first, err := account.ListPage(t.Context(), "")
	if err != nil || first.Next != "page=2 size=7 after=7" {
		t.Fatalf("goes on at %q, %v", first.Next, err)
	}
	second, err := account.ListPage(t.Context(), first.Next)
	if err != nil || second.Next != "page=3 size=7 after=0" {
		t.Errorf("goes on at %q, %v", second.Next, err)
	}
}

func TestTotalIsForProgress(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	seed(server, 25)
	account := open(t, server, mailrelay.Config{PageSize: 10})
	for cursor, done := maillist.Cursor(""), false; !done; {
		page, err := account.ListPage(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		if !page.Done && page.Total != 25 {
			t.Errorf("total %d at %q", page.Total, cursor)
		}
		cursor, done = page.Next, page.Done
	}
}

func TestGroupsThatAListHides(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{HideGroups: true})
	seed(server, 1)
	account := open(t, server, mailrelay.Config{})
	if listed := listAll(t, account); listed[0].GroupsKnown {
		t.Errorf("listed %+v", listed[0])
	}
	found, err := account.Find(t.Context(), "p0000@example.test")
	if err != nil || !found.GroupsKnown || !slices.Equal(found.Groups, []maillist.GroupID{1}) {
		t.Errorf("found %+v, %v", found, err)
	}
}

// scripted answers by method and path.
func scripted(t *testing.T, routes map[string]string) *mailrelay.Account {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := routes[r.Method+" "+r.URL.Path]
		if !ok {
			http.Error(w, `{"error":"Not found"}`, http.StatusNotFound)
			return
		}
		status := http.StatusOK
		if rest, refused := strings.CutPrefix(body, "422 "); refused {
			status, body = http.StatusUnprocessableEntity, rest
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	account, err := mailrelay.New(mailrelay.Config{Account: "news", APIKey: apiKey, BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(account.Close)
	return account
}

func TestFindTrustsNoFilter(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, people string
		class        fault.Class
		id           int64
	}{
		{"others only are no answer", `[{"id":1,"email":"x@example.test","groups":[]}]`, fault.Protocol, 0},
		{"the exact spelling comes first", `[{"id":1,"email":"ANA@example.test","groups":[]},{"id":2,"email":"ana@example.test","groups":[]}]`, "", 2},
		{"capitals do not matter", `[{"id":1,"email":"ANA@Example.test","groups":[]}]`, "", 1},
		{"nobody is not found", `[]`, fault.NotFound, 0},
		{"null is no answer", `null`, fault.Protocol, 0},
		{"an object is no answer", `{"data":[]}`, fault.Protocol, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			found, err := scripted(t, map[string]string{"GET /subscribers": tc.people}).Find(t.Context(), "ana@example.test")
			if fault.ClassOf(err) != tc.class || found.ID != tc.id {
				t.Errorf("found %+v, %v", found, err)
			}
		})
	}
}

func TestListingBelievesNoNonsense(t *testing.T) {
	t.Parallel()
	for name, people := range map[string]string{
		"null is not the end": `null`, "a row without an id": `[{"email":"a@example.test"}]`, "an object": `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := scripted(t, map[string]string{"GET /subscribers": people}).ListPage(t.Context(), "")
			if !fault.Is(err, fault.Protocol) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("people without an address are left out", func(t *testing.T) {
		t.Parallel()
		account := scripted(t, map[string]string{"GET /subscribers": `[{"id":1,"email":null},{"id":2,"email":"a@example.test"}]`})
		page, err := account.ListPage(t.Context(), "")
		if err != nil || len(page.Entries) != 1 || page.Done {
			t.Errorf("page %+v, %v", page, err)
		}
	})
}

func TestRefusalsOfTheDeleted(t *testing.T) {
	t.Parallel()
	const sync, deleted = "POST /subscribers/sync", "GET /subscribers/deleted"
	who := maillist.Subscriber{Email: "ana@example.test", Status: maillist.Active}
	for _, tc := range []struct {
		name   string
		routes map[string]string
		gone   bool
	}{
		{"told in English", map[string]string{sync: `422 {"errors":{"base":["Subscriber was deleted"]}}`}, true},
		{"told in Spanish", map[string]string{sync: `422 {"error":"El suscriptor ha sido eliminado"}`}, true},
		{"found among the deleted", map[string]string{sync: `422 {"errors":{"email":["is taken"]}}`, deleted: `[{"id":3,"email":"Ana@example.test"}]`}, true},
		{"not among the deleted", map[string]string{sync: `422 {"errors":{"email":["is invalid"]}}`, deleted: `[]`}, false},
		{"no such list", map[string]string{sync: `422 {"errors":{"email":["is invalid"]}}`}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := scripted(t, tc.routes).Upsert(t.Context(), who)
			if !fault.Is(err, fault.Rejected) || isDeleted(err) != tc.gone {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAccountWithoutDeletedListHasNobodyDeleted(t *testing.T) {
	t.Parallel()
	page, err := scripted(t, nil).ListDeletedPage(t.Context(), "")
	if err != nil || !page.Done || len(page.Entries) != 0 {
		t.Errorf("page %+v, %v", page, err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	routes := map[string]string{
		"GET /ping": `{}`, "GET /groups": `[{"id":1,"name":"News"}]`, "GET /custom_fields": `[{"id":"11","tag_name":"company"}]`,
	}
	t.Run("an account that does not tell its package is fine", func(t *testing.T) {
		t.Parallel()
		got, err := scripted(t, routes).Check(t.Context(), []maillist.GroupID{1, 2}, []string{"11", "12"})
		want := maillist.Health{
			Groups: map[maillist.GroupID]string{1: "News"}, MissingGroups: []maillist.GroupID{2}, MissingFields: []string{"12"},
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
	t.Run("room is told", func(t *testing.T) {
		t.Parallel()
		server := startSim(t, sim.Options{SubscribersLimit: 500})
		seed(server, 7)
		got, err := open(t, server, mailrelay.Config{}).Check(t.Context(), nil, nil)
		if err != nil || got.Used != 7 || got.Limit != 500 {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("a revoked key is told as such", func(t *testing.T) {
		t.Parallel()
		server := startSim(t, sim.Options{})
		account := open(t, server, mailrelay.Config{})
		_ = server.SetFaults(sim.Fault{Kind: sim.KindRevoked})
		_, err := account.Check(t.Context(), nil, nil)
		if !fault.Is(err, fault.Auth) || strings.Contains(err.Error(), apiKey) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a wrong host is told as such", func(t *testing.T) {
		t.Parallel()
		_, err := scripted(t, nil).Check(t.Context(), nil, nil)
		if !fault.Is(err, fault.Protocol) || !strings.Contains(err.Error(), "look at host and base_url") {
			t.Errorf("got %v", err)
		}
	})
}

func TestNew(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]mailrelay.Config{
		"no key": {Host: "acme"}, "neither host nor base_url": {APIKey: "k"}, "a whole name as host": {APIKey: "k", Host: "acme.example.test"},
		"a host with a path": {APIKey: "k", Host: "acme/x"}, "plain http": {APIKey: "k", BaseURL: "http://api.example.test"},
		"a key with a line break": {APIKey: "k\n", Host: "acme"},
	} {
		if _, err := mailrelay.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := mailrelay.New(mailrelay.Config{APIKey: "k", Host: "Acme-1"}); err != nil {
		t.Error(err)
	}
}

func TestUpsertAll(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Seed(sim.Person{Email: "known@example.test", Groups: []int64{2}}, sim.Person{Email: "gone@example.test", Deleted: true})
	list := mailrelay.NewBatching(open(t, server, mailrelay.Config{}))
	all := []maillist.Subscriber{}
	for _, email := range []string{"new@example.test", "known@example.test", "gone@example.test", "nonsense"} {
		all = append(all, maillist.Subscriber{Email: email, Status: maillist.Active, Groups: []maillist.GroupID{1}})
	}
	results, errs, err := list.UpsertAll(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	if !results[0].Created || results[1].Created || results[0].Entry.ID == 0 {
		t.Errorf("results %+v", results)
	}
	if errs[0] != nil || errs[1] != nil || !isDeleted(errs[2]) || !fault.Is(errs[3], fault.Rejected) || isDeleted(errs[3]) {
		t.Errorf("errors %v", errs)
	}
	if p, _ := server.Person("known@example.test"); !slices.Equal(p.Groups, []int64{1, 2}) {
		t.Errorf("known: %+v", p)
	}
}

func TestUpsertAllWithAnswersMissing(t *testing.T) {
	t.Parallel()
	account := scripted(t, map[string]string{
		"POST /api_batches":  `{"id": 4, "status": "pending"}`,
		"GET /api_batches/4": `{"id": 4, "status": "finished", "operations": [{"operation_id": "0", "response_status": 200, "response_body": "{\"id\":1}"}]}`,
	})
	_, errs, err := mailrelay.NewBatching(account).UpsertAll(t.Context(), make([]maillist.Subscriber, 2))
	if err != nil || errs[0] != nil || !fault.Is(errs[1], fault.Protocol) {
		t.Errorf("%v, %v", errs, err)
	}
}

func TestNobodyIsHarmedByTheseCalls(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	account := open(t, server, mailrelay.Config{})
	server.Seed(sim.Person{Email: "gone@example.test", Deleted: true}, sim.Person{Email: "left@example.test", Unsubscribed: true, Groups: []int64{1}})
	_, _ = account.Upsert(t.Context(), maillist.Subscriber{Email: "gone@example.test", Status: maillist.Active})
	left, err := account.Find(t.Context(), "left@example.test")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = account.Detach(t.Context(), left, left.Groups)
	if v := server.State().Violations; len(v) > 0 {
		t.Errorf("violations %v", v)
	}
}

func isDeleted(err error) bool {
	_, ok := errors.AsType[*maillist.DeletedError](err)
	return ok
}
