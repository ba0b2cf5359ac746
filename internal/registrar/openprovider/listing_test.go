package openprovider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/simkit"
)

func many(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("name%05d.com", i))
	}
	return names
}

// walk lists everything. Between may change the account after a page.
func walk(t *testing.T, account *openprovider.Account, between func(i int)) (names []string, gaps bool) {
	t.Helper()
	var cursor registrar.Cursor
	for i := range 200 {
		page, err := account.ListPage(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page.Domains {
			names = append(names, string(d.Name))
		}
		gaps = gaps || page.Gaps
		if page.Done {
			return names, gaps
		}
		cursor = page.Next
		if between != nil {
			between(i)
		}
	}
	t.Fatal("the listing does not end")
	return nil, false
}

func TestSevenThousandNamesTakeEightCalls(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{}, many(7000)...)
	names, gaps := walk(t, open(t, server, openprovider.Config{}), nil)
	same(t, "names", many(7000), names)
	same(t, "gaps", false, gaps)
	same(t, "calls", map[string]int64{"login": 1, "list_domains": 8}, server.Counts().Calls)
}

func TestAListingStepsBackWhenItsPagesDoNotJoin(t *testing.T) {
	t.Parallel()
	for _, removed := range []int{2, 5, 10, 19, 60} {
		server := held(t, sim.Options{}, many(100)...)
		names, gaps := walk(t, open(t, server, openprovider.Config{PageSize: 10}), func(i int) {
			if i == 7 {
				server.Remove(many(removed)...)
			}
		})
		same(t, fmt.Sprintf("names with %d removed", removed), many(100), slices.Compact(names))
		same(t, "gaps", false, gaps)
	}
}

func TestAnUnsortedListingSaysThatItMayHaveGaps(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{Unsorted: true}, many(25)...)
	names, gaps := walk(t, open(t, server, openprovider.Config{PageSize: 10}), nil)
	slices.Sort(names)
	same(t, "names", many(25), names)
	same(t, "gaps", true, gaps)
}

func TestATotalThatCannotBeIsNotBelieved(t *testing.T) {
	t.Parallel()
	const row = `{"id": 1, "domain": {"name": "a", "extension": "com"}, "status": "ACT"}`
	for _, data := range []string{
		`{"token": "t", "results": [` + row + `]}`, `{"token": "t", "results": [` + row + `], "total": 7}`, `{"token": "t", "total": 7}`,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"code": 0, "data": ` + data + `}`))
		}))
		t.Cleanup(server.Close)
		account, err := openprovider.New(openprovider.Config{Account: "op", Username: username, Password: password, BaseURL: server.URL})
		wantClass(t, err, "")
		t.Cleanup(account.Close)
		_, err = account.ListPage(t.Context(), "")
		wantClass(t, err, fault.Protocol)
	}
}

func TestRowsThatComeBackAreAGap(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{}, many(25)...)
	_, gaps := walk(t, open(t, server, openprovider.Config{PageSize: 10}), func(i int) {
		if i == 1 {
			server.Seed(sim.Domain{ID: 1, Name: "name00000.com", Status: "ACT"}, sim.Domain{ID: 100, Name: "new.com", Status: "ACT"})
		}
	})
	same(t, "gaps without a change in number", false, gaps)

	server.Remove("name00000.com")
	_, gaps = walk(t, open(t, server, openprovider.Config{PageSize: 10}), func(i int) {
		if i == 1 {
			server.Seed(sim.Domain{ID: 1, Name: "name00000.com", Status: "ACT"})
		}
	})
	same(t, "gaps", true, gaps)
}

func TestANameOnSeveralRowsIsListedByTheOneThatCounts(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Seed(
		sim.Domain{ID: 3, Name: "twice.com", Status: "FAI", Type: "TRANSFER"},
		sim.Domain{ID: 5, Name: "twice.com", Status: "ACT", Type: "TRANSFER"},
		sim.Domain{ID: 7, Name: "twice.com", Status: "FAI", Type: "NEW"},
		sim.Domain{ID: 8, Name: "no name", Status: "ACT"},
	)
	account := open(t, server, openprovider.Config{})
	page, err := account.ListPage(t.Context(), "")
	wantClass(t, err, "")
	d, err := account.Get(t.Context(), "twice.com")
	wantClass(t, err, "")
	same(t, "listed", []registrar.Domain{d}, page.Domains)
	same(t, "id", "5", d.ID)
	tr, err := account.Transfer(t.Context(), "twice.com")
	wantClass(t, err, "")
	same(t, "state", registrar.TransferCompleted, tr.State)
}

func TestANameAmongTooManyAlikeIsNotCalledAbsent(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{Loose: true})
	for i := range 101 {
		server.Seed(sim.Domain{Name: fmt.Sprintf("a%d-example.com", i), Status: "ACT"})
	}
	_, err := open(t, server, openprovider.Config{}).Get(t.Context(), "example.com")
	wantClass(t, err, fault.Protocol)
}

func TestTransfersAreListedAndNothingElse(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{}, many(30)...)
	for i, status := range []string{"REQ", "PEN", "SCH", "FAI", "RRQ", "DEL", "ACT"} {
		server.Seed(sim.Domain{Name: fmt.Sprintf("in%d.com", i), Status: status, Type: "TRANSFER"}, sim.Domain{Name: fmt.Sprintf("new%d.com", i), Status: status, Type: "NEW"})
	}
	account := open(t, server, openprovider.Config{})
	got := map[string]string{}
	for cursor := registrar.Cursor(""); ; {
		page, err := account.ListTransfersPage(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range page.Transfers {
			got[string(one.Name)] = string(one.State)
		}
		if cursor = page.Next; page.Done {
			break
		}
	}
	same(t, "transfers", map[string]string{
		"in0.com": "pending", "in1.com": "pending", "in2.com": "pending", "in3.com": "failed", "in4.com": "pending", "new2.com": "pending",
	}, got)
	same(t, "calls", int64(5), server.Counts().Calls["list_domains"])
	_, err := account.ListTransfersPage(t.Context(), "ACT offset=0 size=10 last=0 seen=0")
	wantClass(t, err, fault.Refused)
}

func TestOnlyAQueueThatFiltersIsEvidence(t *testing.T) {
	t.Parallel()
	for ignores, want := range map[bool]registrar.Status{false: registrar.TransferredAway, true: registrar.Lapsed} {
		server := startSim(t, sim.Options{IgnoresQueue: ignores})
		server.Seed(sim.Domain{Name: "left.com", Status: "DEL", Queue: "transferOut", Deleted: true, DeletedAt: "2026-05-06 07:08:09"})
		got, err := open(t, server, openprovider.Config{}).Departed(t.Context(), "left.com")
		wantClass(t, err, "")
		same(t, "status", want, got.Status)
		same(t, "day", civil.Must("2026-05-06"), got.Day)
	}
}

func TestAQueueThatIsRefusedIsNoEvidence(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Seed(sim.Domain{Name: "left.com", Status: "DEL", Queue: "transferOut", Deleted: true})
	account := open(t, server, openprovider.Config{})
	for answered := range 2 {
		err := server.SetFaults(simkit.Fault{Call: "list_queued", Kind: simkit.KindStatus, Value: 400, Skip: answered})
		wantClass(t, err, "")
		got, err := account.Departed(t.Context(), "left.com")
		wantClass(t, err, "")
		same(t, "status", registrar.Lapsed, got.Status)
	}
}

func TestANameThatLeavesIsStillHere(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Seed(sim.Domain{Name: "leaving.com", Status: "ACT", Queue: "transferOut", Deleted: true})
	_, err := open(t, server, openprovider.Config{}).Departed(t.Context(), "leaving.com")
	wantClass(t, err, fault.NotFound)
}

// Whether the live list shows names that were transferred away, as deleted, is not documented.
func TestADeletedNameOfTheLiveListMayHaveBeenTransferredAway(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		queue   string
		ignores bool
		want    registrar.Status
		raw     string
	}{
		{"transferOut", false, registrar.TransferredAway, "DEL after transferOut"},
		{"transferOut", true, registrar.Lapsed, "DEL"},
		{"renew", false, registrar.Lapsed, "DEL"},
	} {
		server := startSim(t, sim.Options{IgnoresQueue: tc.ignores})
		server.Seed(sim.Domain{Name: "left.com", Status: "DEL", Queue: tc.queue, DeletedAt: "2026-05-06 07:08:09", SoftUntil: "2026-06-06 07:08:09"})
		got, err := open(t, server, openprovider.Config{}).Get(t.Context(), "left.com")
		wantClass(t, err, "")
		same(t, "status", tc.want, got.Status)
		same(t, "word", tc.raw, got.Raw)
		same(t, "day", civil.Must("2026-05-06"), got.Left)
	}
}

func TestATransferThatFailedAfterTheNameWasDeletedIsToldAsFailed(t *testing.T) {
	t.Parallel()
	deleted, failed := sim.Domain{Name: "back.com", Status: "DEL"}, sim.Domain{Name: "back.com", Status: "FAI", Type: "TRANSFER"}
	for _, tc := range []struct {
		rows []sim.Domain
		want registrar.TransferState
	}{
		{[]sim.Domain{deleted, failed}, registrar.TransferFailed},
		{[]sim.Domain{failed, deleted}, registrar.TransferUnknown},
		{[]sim.Domain{deleted, failed, {Name: "back.com", Status: "REQ", Type: "TRANSFER"}}, registrar.TransferPending},
		{[]sim.Domain{{Name: "back.com", Status: "ACT"}, deleted, failed}, registrar.TransferCompleted},
	} {
		server := startSim(t, sim.Options{})
		server.Seed(tc.rows...)
		got, err := open(t, server, openprovider.Config{}).Transfer(t.Context(), "back.com")
		wantClass(t, err, "")
		same(t, "state", tc.want, got.State)
	}
}
