package schedule

import (
	"context"
	"sync"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Sync is one configured sync, as the scheduler needs it.
type Sync struct {
	Name          string
	Account       string
	Schedule      cron.Schedule // nil = only by hand
	Notify        bool
	BatchSize     int
	BatchesPerRun int
	Window        int
	FullEvery     time.Duration // 0 = every pass
	Poll          time.Duration // 0 = never
	Guard         Guard
	CanList       bool
	Mailed        bool // somebody gets its reports by mail
	Fleeting      bool // what is listed comes and goes: a listing that shrank, or is empty, is believed
	Surveyor      Surveyor
	Silenced      func(ctx context.Context) (why string, err error) // why a run may write nothing, "" when it may; nil = it may
	Poller        Poller                                            // nil = never
}

// Scheduler leads or stands by. One Run per process; any number of processes.
type Scheduler struct {
	Holder  string // this process, for people
	Syncs   []Sync
	Store   Store
	Queue   Queue
	Retain  Retain
	Log     zerolog.Logger
	Now     func() time.Time
	Observe Observer

	TTL time.Duration // of the leader's lease; default 10 s
}

// Retain is how long finished work is kept.
type Retain struct{ Changes, Batches time.Duration }

// Observer is told what happens; fields may be nil.
type Observer struct {
	Leading  func(bool)
	Finished func(context.Context, state.Run)
	Held     func(run state.Run, why string)
}

// Run leads whenever nobody else does, until ctx ends. A leader that cannot renew its lease in time stops leading.
func (s *Scheduler) Run(ctx context.Context) error {
	defer s.release(ctx)
	var term *term
	for {
		lead, err := s.acquire(ctx)
		switch {
		case err != nil && term != nil && term.lapsed():
			s.Log.Error().Err(err).Msg("leadership could not be renewed in time")
			term.stop()
			term = nil
		case err == nil && !lead.Leader && term != nil:
			s.Log.Warn().Str("holder", lead.Holder).Msg("leadership went to another scheduler")
			term.stop()
			term = nil
		case err == nil && lead.Leader:
			if term == nil {
				s.Log.Info().Int64("term", lead.Term).Msg("leading")
				term = s.begin(ctx)
			}
			term.renewed(s.ttl())
		}
		s.leading(term != nil)
		select {
		case <-ctx.Done():
			if term != nil {
				term.stop()
			}
			return nil
		case <-time.After(s.ttl() / 5):
		}
	}
}

// acquire asks for the lease. An answer that takes too long is none: the lease may be over by then.
func (s *Scheduler) acquire(ctx context.Context) (state.Leadership, error) {
	ctx, cancel := context.WithTimeout(ctx, s.ttl()/5)
	defer cancel()
	return s.Store.AcquireLeadership(ctx, s.Holder, s.ttl())
}

// term is one time of leading.
type term struct {
	cancel context.CancelFunc
	work   sync.WaitGroup
	until  time.Time
}

func (t *term) renewed(ttl time.Duration) { t.until = time.Now().Add(ttl * 2 / 5) }
func (t *term) lapsed() bool              { return time.Now().After(t.until) }

func (t *term) stop() {
	t.cancel()
	t.work.Wait()
}

// begin starts one loop per sync, so that one broken source or slow account never holds another up.
func (s *Scheduler) begin(ctx context.Context) *term {
	ctx, cancel := context.WithCancel(ctx)
	t := &term{cancel: cancel}
	started := s.now()
	for _, sync := range s.Syncs {
		t.work.Go(func() { s.newPass(sync, started).loop(ctx) })
	}
	t.work.Go(func() { s.housekeep(ctx) })
	return t
}

// housekeep restores what Redis lost every few seconds, and prunes every hour.
func (s *Scheduler) housekeep(ctx context.Context) {
	var pruned time.Time
	for {
		if err := s.Queue.Restore(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn().Err(err).Msg("queues could not be restored")
		}
		if time.Since(pruned) > time.Hour {
			s.prune(ctx)
			pruned = time.Now()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Second):
		}
	}
}

func (s *Scheduler) prune(ctx context.Context) {
	changes, runs, err := s.Store.Prune(ctx, s.Retain.Changes, s.Retain.Batches)
	if err != nil && ctx.Err() == nil {
		s.Log.Warn().Err(err).Msg("old work could not be pruned")
	} else if changes+runs > 0 {
		s.Log.Info().Int64("changes", changes).Int64("runs", runs).Msg("old work pruned")
	}
}

// release gives the lease up at the end, so that the standby need not wait for it to lapse.
func (s *Scheduler) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := s.Store.ReleaseLeadership(ctx, s.Holder); err != nil {
		s.Log.Warn().Err(err).Msg("leadership could not be released")
	}
	s.leading(false)
}

func (s *Scheduler) leading(yes bool) {
	if s.Observe.Leading != nil {
		s.Observe.Leading(yes)
	}
}

func (s *Scheduler) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func (s *Scheduler) ttl() time.Duration {
	if s.TTL > 0 {
		return s.TTL
	}
	return 10 * time.Second
}
