package postgres_test

import (
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/state"
)

func TestEnsureSyncsKeepsWhatIsRemembered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	must(t, b.SetTotal(b.ctx, news, 42))
	must(t, b.EnsureSyncs(b.ctx, []state.Sync{
		{Name: news, Type: "clients", Source: "main", Account: "other"},
		{Name: "domains", Type: "domains", Source: "main", Account: "other"},
	}))
	syncs, err := b.Syncs(b.ctx)
	must(t, err)
	wantSame(t, "syncs", []state.Sync{
		{Name: "domains", Type: "domains", Source: "main", Account: "other"},
		{Name: news, Type: "clients", Source: "main", Account: "other", RecordsTotal: 42},
	}, syncs)
	accounts, err := b.Accounts(b.ctx)
	must(t, err)
	wantSame(t, "accounts", []state.Account{{Name: "mailrelay"}, {Name: "other"}}, accounts)
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	b := setup(t)
	must(t, b.PauseSync(b.ctx, news, "holidays"))
	must(t, b.PauseAccount(b.ctx, "mailrelay", "key refused"))
	first, err := b.Sync(b.ctx, news)
	must(t, err)
	must(t, b.PauseSync(b.ctx, news, "still"))
	again, err := b.Sync(b.ctx, news)
	must(t, err)
	if first.PausedAt.IsZero() || !again.PausedAt.Equal(first.PausedAt) || again.PauseReason != "still" {
		t.Errorf("first %+v, again %+v", first, again)
	}
	accounts, err := b.Accounts(b.ctx)
	must(t, err)
	if accounts[0].PausedAt.IsZero() || accounts[0].PauseReason != "key refused" {
		t.Errorf("account %+v", accounts[0])
	}
	must(t, b.ResumeSync(b.ctx, news))
	must(t, b.ResumeAccount(b.ctx, "mailrelay"))
	resumed, err := b.Sync(b.ctx, news)
	must(t, err)
	if !resumed.PausedAt.IsZero() || resumed.PauseReason != "" {
		t.Errorf("resumed %+v", resumed)
	}
}

func TestUnknownNamesAreNotFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, err := range map[string]error{
		"Sync":          onlyError(b.Sync(b.ctx, "x")),
		"PauseSync":     b.PauseSync(b.ctx, "x", ""),
		"ResumeSync":    b.ResumeSync(b.ctx, "x"),
		"PauseAccount":  b.PauseAccount(b.ctx, "x", ""),
		"ResumeAccount": b.ResumeAccount(b.ctx, "x"),
		"SetPoll":       b.SetPoll(b.ctx, "x", time.Now()),
		"SetTotal":      b.SetTotal(b.ctx, "x", 1),
		"RequestRun":    onlyError(b.RequestRun(b.ctx, state.Request{Sync: "x"})),
		"Request":       onlyError(b.Request(b.ctx, 99)),
		"RefuseRequest": b.RefuseRequest(b.ctx, 99, "no"),
		"CreateRun":     onlyError(b.CreateRun(b.ctx, state.NewRun{Sync: "x", Kind: state.RunPass, State: state.RunWorking, Slot: "1"})),
		"Run":           onlyError(b.Run(b.ctx, 99)),
		"GuardTake":     onlyError(b.GuardTake(b.ctx, 99, 1)),
		"Touch":         onlyError(b.Touch(b.ctx, "x", []int64{1}, state.ByHook)),
		"Listing":       onlyError(b.Listing(b.ctx, 99)),
		"AdvanceOffset": onlyError(b.AdvanceOffset(b.ctx, "x", 99)),
	} {
		t.Run(name, func(t *testing.T) { wantErr(t, err, state.ErrNotFound) })
	}
}

func TestSetPoll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cursor := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	must(t, b.SetPoll(b.ctx, news, cursor))
	sync, err := b.Sync(b.ctx, news)
	must(t, err)
	if !sync.PollCursor.Equal(cursor) || sync.PolledAt.IsZero() {
		t.Errorf("got %+v", sync)
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ask := func() int64 {
		id, err := b.RequestRun(b.ctx, state.Request{Sync: news, Trigger: state.ByHand, Full: true, Notify: true})
		must(t, err)
		return id
	}
	taken, refused, open := ask(), ask(), ask()
	run := b.pass(func(n *state.NewRun) { n.RequestID = taken })
	must(t, b.RefuseRequest(b.ctx, refused, "a run is in progress"))

	waiting, err := b.OpenRequests(b.ctx, news)
	must(t, err)
	if len(waiting) != 1 || waiting[0].ID != open || !waiting[0].Full || !waiting[0].Notify || waiting[0].Trigger != state.ByHand {
		t.Errorf("open: %+v", waiting)
	}
	for id, want := range map[int64]state.Request{taken: {RunID: run.ID}, refused: {Refused: "a run is in progress"}} {
		got, err := b.Request(b.ctx, id)
		must(t, err)
		wantSame(t, "request", want, state.Request{RunID: got.RunID, Refused: got.Refused})
		wantErr(t, b.RefuseRequest(b.ctx, id, "again"), state.ErrNotFound)
	}
	must(t, onlyError(b.FinishRun(b.ctx, run.ID, state.RunDone, "")))
	_, err = b.CreateRun(b.ctx, state.NewRun{Sync: news, Kind: state.RunPass, State: state.RunWorking, Slot: "second", RequestID: taken})
	wantErr(t, err, state.ErrConflict)
	runs, err := b.OpenRuns(b.ctx, news)
	must(t, err)
	wantSame(t, "open runs", 0, len(runs))
}
