package synckit

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/state/postgres"
	"github.com/whmcsync/whmcsync/internal/testkit/statekit"
	"github.com/whmcsync/whmcsync/tasks"
	"github.com/whmcsync/whmcsync/workers"
)

// Sync is one sync with a state of its own.
type Sync struct {
	T     testing.TB
	Ctx   context.Context
	Name  string
	Store *postgres.Store
	Exec  *workers.Executor
	Guard int           // of each run
	Stop  chan struct{} // closed: the worker drains

	url      string
	surveyor workers.Surveyor
	slots    int
}

// New makes a sync that nobody works for yet.
func New(t testing.TB, sync state.Sync) *Sync {
	t.Helper()
	s := &Sync{T: t, Ctx: t.Context(), Name: sync.Name, Guard: 5, Stop: make(chan struct{}), url: statekit.Clone(t)}
	var err error
	s.Store, err = postgres.Open(s.Ctx, s.url, 4)
	s.must(err)
	t.Cleanup(s.Store.Close)
	s.must(s.Store.EnsureSyncs(s.Ctx, []state.Sync{sync}))
	return s
}

// Serve sets who does the work, and how passes are cut.
func (s *Sync) Serve(duty workers.Duty, spots workers.Spots, key func(string) (string, error)) {
	s.surveyor = workers.Surveyor{Spots: spots, Roster: s.Store, Key: key}
	s.Exec = &workers.Executor{
		Store: s.Store, Duties: map[string]workers.Duty{s.Name: duty}, Attempts: map[string]int{s.Name: 3}, Name: "worker-1", TTL: time.Minute,
	}
}

func (s *Sync) must(err error) {
	s.T.Helper()
	if err != nil {
		s.T.Fatal(err)
	}
}

// SQL runs a statement past the store, as only a test may.
func (s *Sync) SQL(statement string) {
	s.T.Helper()
	conn, err := pgx.Connect(s.Ctx, s.url)
	s.must(err)
	defer conn.Close(s.Ctx)
	_, err = conn.Exec(s.Ctx, statement)
	s.must(err)
}

// Full has a run read a listing.
func Full(n *state.NewRun) { n.Full = true }

// Notify has a run write nothing.
func Notify(n *state.NewRun) { n.Notify = true }

// Start begins a pass and cuts it, its listing read when it is full.
func (s *Sync) Start(batchSize int, change ...func(*state.NewRun)) state.Run {
	s.T.Helper()
	n := state.NewRun{Sync: s.Name, Kind: state.RunPass, State: state.RunSlicing, Trigger: state.BySchedule, Slot: s.slot(), GuardLimit: s.Guard}
	for _, f := range change {
		f(&n)
	}
	if n.Full {
		n.State = state.RunListing
	}
	run, err := s.Store.CreateRun(s.Ctx, n)
	s.must(err)
	if n.Full {
		s.list(run)
	}
	surveyor := s.surveyor
	surveyor.BatchSize = batchSize
	_, err = surveyor.Survey(s.Ctx, run, 0, func(from, to int64, batches []state.NewBatch, last bool) error {
		return s.Store.AppendBatches(s.Ctx, run.ID, from, to, last, batches)
	})
	s.must(err)
	run, err = s.Store.MoveRun(s.Ctx, run.ID, state.RunSlicing, state.RunWorking, state.RunSet{})
	s.must(err)
	return run
}

func (s *Sync) slot() string {
	s.slots++
	return fmt.Sprint("slot/", s.slots)
}

func (s *Sync) list(run state.Run) {
	s.T.Helper()
	_, err := s.Store.AddBatch(s.Ctx, run.ID, state.NewBatch{Kind: state.BatchListing})
	s.must(err)
	s.MustWork()
	_, err = s.Store.MoveRun(s.Ctx, run.ID, state.RunListing, state.RunSlicing, state.RunSet{})
	s.must(err)
}

// Work executes what is ready once and returns the errors of the batches that were handed back.
func (s *Sync) Work() (failed []error) {
	s.T.Helper()
	batches, err := s.Store.TakeReady(s.Ctx, s.Name, 100)
	s.must(err)
	return s.each(batches)
}

// MustWork is Work where nothing may be handed back.
func (s *Sync) MustWork() {
	s.T.Helper()
	if failed := s.Work(); len(failed) > 0 {
		s.T.Fatalf("batches were handed back: %v", failed)
	}
}

// Again executes at once what was handed back, as queue and scheduler do in time.
func (s *Sync) Again() (failed []error) {
	s.T.Helper()
	queued, err := s.Store.StaleQueued(s.Ctx, s.Name, -time.Hour)
	s.must(err)
	return append(s.each(queued), s.Work()...)
}

func (s *Sync) each(batches []state.Batch) (failed []error) {
	for _, batch := range batches {
		if err := s.Execute(batch); err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}

// Execute executes one batch once.
func (s *Sync) Execute(batch state.Batch) error {
	_, err := s.Exec.Batch(s.Ctx, tasks.NewBatch(batch.RunID, batch.ID, batch.Generation), s.Stop)
	return err
}

// Overtake gives the running batch to the next generation, as when its worker is lost.
func (s *Sync) Overtake() {
	s.T.Helper()
	s.SQL(`UPDATE batches SET lease_until = now() - interval '1 second' WHERE state = 'running'`)
	lapsed, err := s.Store.Lapsed(s.Ctx, s.Name)
	s.must(err)
	if len(lapsed) != 1 {
		s.T.Fatalf("%d batches were running", len(lapsed))
	}
}

// Finish carries out what was deferred and ends the run.
func (s *Sync) Finish(run state.Run) state.Run {
	s.T.Helper()
	deferred, err := s.Store.Deferred(s.Ctx, run.ID)
	s.must(err)
	if len(deferred) > 0 {
		s.Judge(run)
		_, err = s.Store.ApplyDeferred(s.Ctx, run.ID, 100)
		s.must(err)
		s.MustWork()
	}
	return s.End(run)
}

// Hold has the guard hold what was deferred and ends the run.
func (s *Sync) Hold(run state.Run) state.Run {
	s.T.Helper()
	s.Judge(run)
	_, err := s.Store.HoldDeferred(s.Ctx, run.ID)
	s.must(err)
	return s.End(run)
}

// Judge brings a run whose batches are settled before the guard.
func (s *Sync) Judge(run state.Run) {
	s.T.Helper()
	_, err := s.Store.MoveRun(s.Ctx, run.ID, state.RunWorking, state.RunJudging, state.RunSet{})
	s.must(err)
}

// End ends a run.
func (s *Sync) End(run state.Run) state.Run {
	s.T.Helper()
	run, err := s.Store.FinishRun(s.Ctx, run.ID, state.RunDone, "")
	s.must(err)
	return run
}

// Pass is a whole pass without trouble.
func (s *Sync) Pass(change ...func(*state.NewRun)) state.Run {
	s.T.Helper()
	run := s.Start(100, change...)
	s.MustWork()
	return s.Finish(run)
}

// Touch looks at records as a hook, a poll or a person would have it.
func (s *Sync) Touch(by state.Trigger, ids ...int64) state.Run {
	s.T.Helper()
	_, err := s.Store.Touch(s.Ctx, s.Name, ids, by)
	s.must(err)
	return s.Touched()
}

// Touched looks at what was touched.
func (s *Sync) Touched() state.Run {
	s.T.Helper()
	_, err := s.Exec.Touched(s.Ctx, s.Name, 100, s.Guard, s.Stop)
	s.must(err)
	runs, err := s.Store.OpenRuns(s.Ctx, s.Name)
	s.must(err)
	return s.Finish(runs[len(runs)-1])
}

// Revert undoes changes as an operator would.
func (s *Sync) Revert(ids ...int64) state.Run {
	s.T.Helper()
	run, err := s.Store.RequestRevert(s.Ctx, s.Name, s.slot(), ids)
	s.must(err)
	s.MustWork()
	return s.Finish(run)
}
