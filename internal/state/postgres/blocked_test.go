package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// overtake runs statements in a transaction that commits once f waits for it: f read the state of before and has to
// act upon that of after.
func (b *bundle) overtake(statements []string, f func() error) {
	b.t.Helper()
	conn, err := pgx.Connect(b.ctx, b.url)
	must(b.t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	tx, err := conn.Begin(b.ctx)
	must(b.t, err)
	for _, statement := range statements {
		_, err := tx.Exec(b.ctx, statement)
		must(b.t, err)
	}
	done := make(chan error, 1)
	go func() { done <- f() }()
	testkit.Eventually(b.t, 20*time.Second, func() (bool, string) {
		waiting := b.number(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
		return waiting == 1, "nobody waits for the lock"
	})
	must(b.t, tx.Commit(b.ctx))
	must(b.t, <-done)
}

func TestAGuardThatAnotherTakesFromMeanwhile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.pass(func(n *state.NewRun) { n.GuardLimit = 10 })
	b.overtake([]string{`UPDATE runs SET guard_used = 8`}, func() error {
		granted, err := b.GuardTake(b.ctx, run.ID, 3)
		wantSame(t, "granted", 2, granted)
		return err
	})
}

func TestAnOffsetIsNotMovedByAnOldLeaderAfterThePassHasEnded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.pass()
	b.finish(b.begin(b.slice(run, 1, 250)[0]))
	b.overtake([]string{`UPDATE runs SET state = 'done'`, `UPDATE syncs SET record_offset = 0`}, func() error {
		offset, err := b.AdvanceOffset(b.ctx, news, run.ID)
		wantSame(t, "offset", int64(0), offset)
		return err
	})
}

func TestALeaseCannotBeLostWhileItsWorkerWrites(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, lease := b.lease()
	b.overtake([]string{`UPDATE batches SET generation = 2, token = '', state = 'ready'`}, func() error {
		wantErr(t, b.NoteChanges(b.ctx, lease, []state.Change{leaving(ana, 1, state.ChangeHeld)}), state.ErrLeaseLost)
		return nil
	})
	wantSame(t, "changes recorded", int64(0), b.number(`SELECT count(*) FROM changes`))
}
