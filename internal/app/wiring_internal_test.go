package app

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"github.com/robfig/cron/v3"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/obs"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/internal/testkit/statekit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers"
	"github.com/whmcsync/whmcsync/workers/clientsync"
)

func TestPolicyTakesEverythingFromTheConfiguration(t *testing.T) {
	t.Parallel()
	got := Policy(config.Sync{Statuses: []string{"Active"}, Clients: config.Clients{
		Consent: whmcs.ConsentNotOptedOut, ReplaceGroups: true, WriteBack: true,
		Groups: []config.GroupRule{{ID: 1}, {ID: 3, When: config.When{
			ClientGroup: []int64{2}, Status: []string{"Active"}, Product: []int64{12}, Country: []string{"ES"}, Language: []string{"spanish"},
		}}},
		Fields: []config.FieldRule{{To: "name", From: "full_name"}, {ToField: "7", FromField: 31}},
	}})
	want := clientsync.Policy{
		Statuses: []whmcs.ClientStatus{whmcs.ClientActive}, Consent: whmcs.ConsentNotOptedOut, ReplaceGroups: true, WriteBack: true,
		Groups: []clientsync.GroupRule{{ID: 1}, {
			ID: 3, ClientGroups: []int64{2}, Statuses: []string{"Active"}, Products: []int64{12}, Countries: []string{"ES"}, Languages: []string{"spanish"},
		}},
		Fields: []clientsync.FieldRule{{Attribute: "name", Column: "full_name"}, {Field: "7", CustomField: 31}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
}

func TestTiming(t *testing.T) {
	t.Parallel()
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		cfg  config.Sync
		want time.Time
	}{
		"by the clock of the sync's time zone": {config.Sync{Schedule: "30 3 * * *", Timezone: madrid}, time.Date(2026, 7, 2, 1, 30, 0, 0, time.UTC)},
		"every so often":                       {config.Sync{Schedule: "@every 6h", Timezone: madrid}, noon.Add(6 * time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timing, err := Timing(tc.cfg)
			if err != nil || !timing.Next(noon).Equal(tc.want) {
				t.Errorf("next %v, want %s, %v", timing.Next(noon), tc.want, err)
			}
		})
	}
	t.Run("no schedule is none", func(t *testing.T) {
		t.Parallel()
		if timing, err := Timing(config.Sync{}); timing != cron.Schedule(nil) || err != nil {
			t.Errorf("%v %v", timing, err)
		}
	})
	t.Run("nonsense is an error", func(t *testing.T) {
		t.Parallel()
		if _, err := Timing(config.Sync{Schedule: "soon"}); err == nil {
			t.Error("no error")
		}
	})
}

// silent is the address of a server that takes connections and never says a word.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// closed is the address of a port where nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func testConfig(t *testing.T) config.Config {
	dsn := func(addr string) config.Source {
		return config.Source{DSN: config.NewSecret("whmcsync:x@tcp(" + addr + ")/whmcs"), Timezone: time.UTC}
	}
	return config.Config{
		Sources:  map[string]config.Source{"hangs": dsn(silent(t)), "down": dsn(closed(t))},
		Accounts: map[string]config.Account{"news": {Type: "mailrelay"}, "shop": {Type: "mailrelay"}, "unused": {Type: "mailrelay"}},
		Syncs: map[string]config.Sync{
			"newsletter": {Type: "clients", Source: "hangs", Account: "news"},
			"offers":     {Type: "clients", Source: "down", Account: "news"},
			"shoppers":   {Type: "clients", Source: "down", Account: "shop"},
		},
	}
}

func TestQueuesAreThoseOfAccountsInUseAndTheCommonOnes(t *testing.T) {
	t.Parallel()
	a := newApp(testConfig(t), Options{})
	if diff := cmp.Diff([]string{"events", "news", "reports", "shop"}, a.queues()); diff != "" {
		t.Errorf("queues (-want +got):\n%s", diff)
	}
	a.Config.Mail.Host = "smtp.example.com"
	if diff := cmp.Diff([]string{"events", "mail", "news", "reports", "shop"}, a.queues()); diff != "" {
		t.Errorf("queues with a mail server (-want +got):\n%s", diff)
	}
}

func TestASourceThatDoesNotAnswerHoldsUpItsOwnSyncsOnly(t *testing.T) {
	t.Parallel()
	a := newApp(testConfig(t), Options{Log: zerolog.Nop()})
	t.Cleanup(a.Close)
	job := workers.Job{Batch: state.Batch{Kind: state.BatchSlice}}
	hung, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, _, err := (&clientsDuty{app: a, source: a.sources["hangs"]}).Do(hung, job)
		ended <- err
	}()
	_, _, err := (&clientsDuty{app: a, source: a.sources["down"]}).Do(t.Context(), job)
	if !fault.Is(err, fault.Transient) {
		t.Errorf("error %v, want a transient one", err)
	}
	select {
	case err := <-ended:
		t.Errorf("the one that hangs ended with %v", err)
	default:
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("no error of the source that hangs")
	}
}

// opened is an application with a state and a queue of its own.
func opened(t *testing.T) *App {
	t.Helper()
	ctx := t.Context()
	cfg := testConfig(t)
	cfg.Postgres = config.Postgres{URL: config.NewSecret(statekit.Clone(t)), MaxConns: 4}
	cfg.Redis = config.Redis{URL: config.NewSecret(testkit.Redis(t))}
	a, err := Open(ctx, cfg, Options{Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	if err := a.OpenQueue(ctx); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestSnapshotShowsWhatIsConfigured(t *testing.T) {
	t.Parallel()
	a := opened(t)
	ctx := t.Context()
	for _, err := range []error{
		a.Store.EnsureSyncs(ctx, []state.Sync{{Name: "former", Type: "clients", Source: "down", Account: "unused"}}),
		a.Store.SetTotal(ctx, "newsletter", 12),
		a.Store.PauseAccount(ctx, "shop", "x"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	a.leading.Store(true)
	got, err := a.snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := []obs.SyncSnapshot{
		{Name: "newsletter", SourceRecords: 12, Failures: map[string]int64{}},
		{Name: "offers", Failures: map[string]int64{}},
		{Name: "shoppers", Failures: map[string]int64{}},
	}
	if diff := cmp.Diff(want, got.Syncs); diff != "" || !got.Leader {
		t.Errorf("leader %v, syncs (-want +got):\n%s", got.Leader, diff)
	}
	accounts := []obs.AccountSnapshot{{Name: "news"}, {Name: "shop", Paused: true}, {Name: "unused"}}
	if diff := cmp.Diff(accounts, got.Accounts); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
}

func TestARequestIsTakenOnceAndRefusedWhilePaused(t *testing.T) {
	t.Parallel()
	a := opened(t)
	ctx := t.Context()
	first, err := a.RequestRun(ctx, "newsletter", state.ByHand)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := a.RequestRun(ctx, "newsletter", state.ByCronKey); err != nil || again != first {
		t.Errorf("asked for again: %d, want %d, %v", again, first, err)
	}
	run, err := a.Store.CreateRun(ctx, state.NewRun{Sync: "newsletter", Kind: state.RunPass, State: state.RunWorking, Slot: "s", RequestID: first})
	if err != nil {
		t.Fatal(err)
	}
	if id, err := a.RequestRun(ctx, "newsletter", state.ByHand); id != run.ID || !errors.Is(err, state.ErrRunInProgress) {
		t.Errorf("while a run goes on: %d, %v", id, err)
	}
	if _, err := a.Pausable(ctx, "shop", true, "holiday"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.RequestRun(ctx, "shoppers", state.ByHand); !fault.Is(err, fault.Held) {
		t.Errorf("while paused: %v, want held", err)
	}
	if _, err := a.Pausable(ctx, "nobody", true, ""); err == nil {
		t.Error("a name that is not configured was paused")
	}
}

func TestAnAccountIsMadeOnceHoweverManyAsk(t *testing.T) {
	t.Parallel()
	a := opened(t)
	a.Config.Accounts["news"] = config.Account{Type: "mailrelay", Host: "acme", APIKey: config.NewSecret("k"), Rate: config.Rate{PerSecond: 1, InFlight: 1}, Timeout: time.Second}
	made := make(chan *account, 8)
	for range cap(made) {
		go func() {
			one, err := a.account("news")
			if err != nil {
				t.Error(err)
			}
			made <- one
		}()
	}
	first := <-made
	for range cap(made) - 1 {
		if other := <-made; other != first {
			t.Error("made twice")
		}
	}
}

func TestProcessesCountEqualCallsOfAnAccountTogether(t *testing.T) {
	testkit.OnEachRedis(t, func(t *testing.T, client redis.UniversalClient) {
		server := sim.New(sim.Options{Username: "acme", Password: "p"})
		if err := server.Start("127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = server.Close() })
		server.Seed(sim.Domain{Name: "example.com", Status: "ACT", Type: "NEW"})
		refused := 0
		for range 2 {
			process, err := newOpenprovider(vendorConfig{
				Account: config.Account{Username: "acme", Password: config.NewSecret("p"), BaseURL: server.URL(), Timeout: time.Minute},
				name:    "op", redis: client,
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(process.close)
			for range 60 {
				if _, err := process.registrar.Get(t.Context(), "example.com"); err != nil {
					refused++
				}
			}
		}
		if calls := server.Counts().Calls; refused != 20 || calls["list_domains"] != 100 || calls["login"] != 1 {
			t.Errorf("%d refused, calls %v", refused, calls)
		}
	})
}
