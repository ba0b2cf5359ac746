package postgres_test

import (
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
)

func TestBeginBatch(t *testing.T) {
	t.Parallel()
	t.Run("one of many copies of a task begins", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		run := b.pass()
		batch := b.slice(run, 1, 250)[0]
		won := race(t, 8, state.ErrStale, func() error {
			_, _, _, err := b.BeginBatch(b.ctx, batch.ID, 1, worker, minute)
			return err
		})
		wantSame(t, "begun", 1, won)
	})
	t.Run("gives the batch, its run and a lease", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		run := b.pass()
		queued := b.slice(run, 1, 250)[0]
		batch, got, lease, err := b.BeginBatch(b.ctx, queued.ID, 1, worker, minute)
		must(t, err)
		run.Sliced, run.SliceCursor = true, 250
		wantSame(t, "run", run, got)
		if batch.Worker != worker || batch.State != state.BatchRunning || !batch.FirstTry || batch.StartedAt.IsZero() {
			t.Errorf("batch %+v", batch)
		}
		if lease.Token == "" || lease.BatchID != batch.ID || lease.Generation != 1 || !lease.Until.Equal(batch.LeaseUntil) {
			t.Errorf("lease %+v", lease)
		}
		b.lapse()
		must(t, onlyError(b.Lapsed(b.ctx, news)))
		again, _, second, err := b.BeginBatch(b.ctx, queued.ID, 2, worker, minute)
		must(t, err)
		if again.FirstTry || second.Token == lease.Token {
			t.Errorf("second try %+v, lease %+v", again, second)
		}
	})
	for name, spoil := range map[string]func(*bundle, state.Batch){
		"its run has ended": func(b *bundle, batch state.Batch) {
			must(b.t, onlyError(b.FinishRun(b.ctx, batch.RunID, state.RunFailed, "")))
		},
		"its sync is paused":              func(b *bundle, _ state.Batch) { must(b.t, b.PauseSync(b.ctx, news, "")) },
		"its account is paused":           func(b *bundle, _ state.Batch) { must(b.t, b.PauseAccount(b.ctx, "mailrelay", "")) },
		"a newer generation is under way": func(b *bundle, batch state.Batch) { must(b.t, b.Requeue(b.ctx, batch.ID, 1)) },
		"it is settled":                   func(b *bundle, batch state.Batch) { b.finish(b.begin(batch)) },
	} {
		t.Run("a task is out of date when "+name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			batch := b.slice(b.pass(), 1, 250)[0]
			spoil(b, batch)
			_, _, _, err := b.BeginBatch(b.ctx, batch.ID, 1, worker, minute)
			wantErr(t, err, state.ErrStale)
		})
	}
	t.Run("a batch whose queueing was forgotten begins all the same", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		batch := b.slice(b.pass(), 1, 250)[0]
		b.exec(`UPDATE batches SET state = 'ready', queued_at = NULL`)
		b.begin(batch)
	})
}

func TestRenewLease(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, lease := b.lease()
	b.lapse()
	renewed, err := b.RenewLease(b.ctx, lease, 2*minute)
	must(t, err)
	if !renewed.Until.After(lease.Until) || renewed.Token != lease.Token {
		t.Errorf("renewed %+v", renewed)
	}
	lapsed, err := b.Lapsed(b.ctx, news)
	must(t, err)
	wantSame(t, "lapsed after the renewal", 0, len(lapsed))
}

func TestABatchIsNotLostToAClockThatWasSetBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lease()
	b.exec(`UPDATE batches SET lease_until = now() + interval '1 year', queued_at = now() + interval '1 year'`)
	lapsed, err := b.Lapsed(b.ctx, news)
	must(t, err)
	wantSame(t, "lapsed", 1, len(lapsed))
	b.exec(`UPDATE batches SET state = 'queued'`)
	stale, err := b.StaleQueued(b.ctx, news, minute)
	must(t, err)
	wantSame(t, "long queued", 1, len(stale))
}

func TestHandBack(t *testing.T) {
	t.Parallel()
	t.Run("to the queue keeps the generation", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, lease := b.lease()
		must(t, b.HandBack(b.ctx, lease, state.HandBack{To: state.BatchQueued, After: minute, CountAttempt: true, Error: "HTTP 500"}))
		batch, _, second, err := b.BeginBatch(b.ctx, lease.BatchID, 1, worker, minute)
		must(t, err)
		if batch.Attempts != 1 || batch.FirstTry || second.Token == lease.Token || time.Until(batch.NotBefore) < 30*time.Second {
			t.Errorf("batch %+v", batch)
		}
		wantErr(t, b.FinishBatch(b.ctx, lease, nil, nil), state.ErrLeaseLost)
	})
	t.Run("to the scheduler raises it", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, lease := b.lease()
		must(t, b.HandBack(b.ctx, lease, state.HandBack{To: state.BatchReady, Error: "bad\x00byte"}))
		_, _, _, err := b.BeginBatch(b.ctx, lease.BatchID, 1, worker, minute)
		wantErr(t, err, state.ErrStale)
		batches, err := b.TakeReady(b.ctx, news, 10)
		must(t, err)
		if len(batches) != 1 || batches[0].Generation != 2 || batches[0].Attempts != 0 || batches[0].Error != "badbyte" {
			t.Errorf("batches %+v", batches)
		}
	})
	t.Run("nowhere else", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, lease := b.lease()
		if err := b.HandBack(b.ctx, lease, state.HandBack{To: state.BatchSettled}); !fault.Is(err, fault.Refused) {
			t.Errorf("got %v", err)
		}
	})
}

func TestFinishBatchRecordsFailures(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run := b.pass()
	next := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	batches := b.slice(run, 2, 250)
	must(t, b.FinishBatch(b.ctx, b.begin(batches[0]), state.Counts{state.CountFailed: 2}, []state.Failure{
		{RecordID: 2, Key: "b@example.com", Class: "rejected", Message: "no\x00pe"},
		{RecordID: 1, Key: "a@example.com", Class: "transient", Message: "first of two"},
		{RecordID: 1, Key: "a@example.com", Class: "refused", Message: "an odd value", NextAt: next},
	}))
	first, err := b.Failures(b.ctx, state.FailureFilter{Sync: news})
	must(t, err)
	b.exec(`UPDATE batches SET attempts = 2 WHERE id = $1`, batches[1].ID) // this one succeeds at its third attempt
	must(t, b.FinishBatch(b.ctx, b.begin(batches[1]), nil, []state.Failure{{RecordID: 1, Key: "a@example.com", Class: "rejected", Message: "again"}}))
	second, err := b.Failures(b.ctx, state.FailureFilter{Sync: news, RecordID: 1})
	must(t, err)

	if len(first) != 2 || len(second) != 1 {
		t.Fatalf("first %+v, second %+v", first, second)
	}
	wantSame(t, "newest failure", "nope", first[0].Message)
	wantSame(t, "older failure", state.Failure{
		ID: first[1].ID, Sync: news, RecordID: 1, Key: "a@example.com", RunID: run.ID, Class: "refused", Message: "an odd value", Attempts: 1,
		FirstAt: first[1].FirstAt, LastAt: first[1].FirstAt, NextAt: next,
	}, first[1])
	want := first[1]
	want.Class, want.Message, want.Attempts, want.LastAt, want.NextAt = "rejected", "again", 4, second[0].LastAt, time.Time{}
	wantSame(t, "failure after another attempt", want, second[0])
	counts, err := b.CountFailures(b.ctx, news)
	must(t, err)
	wantSame(t, "by class", map[string]int{"rejected": 2}, counts)
}

// Each write of a worker, tried with a lease that another generation has overtaken.
func TestAnOvertakenWorkerWritesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run, stale := b.lease()
	change := state.Change{Key: "a@example.com", Field: "groups", RecordID: 1, State: state.ChangePlanned}
	claimed, err := b.Claim(b.ctx, stale, news, []state.Claim{{Key: "a@example.com", RecordID: 1, Changes: []state.Change{change}}})
	must(t, err)
	listing, err := b.NewListing(b.ctx, stale, run.ID)
	must(t, err)
	b.lapse()
	lapsed, err := b.Lapsed(b.ctx, news)
	must(t, err)
	before := b.fingerprint()

	overtaken := func(t *testing.T, lease state.Lease) {
		kept := state.Memory{Key: "a@example.com", RecordID: 1, Version: claimed[0].Version}
		for name, err := range map[string]error{
			"RenewLease":                onlyError(b.RenewLease(b.ctx, lease, minute)),
			"FinishBatch":               b.FinishBatch(b.ctx, lease, state.Counts{"x": 1}, nil),
			"FinishBatch with failures": b.FinishBatch(b.ctx, lease, nil, []state.Failure{{RecordID: 1}}),
			"HandBack":                  b.HandBack(b.ctx, lease, state.HandBack{To: state.BatchReady}),
			"NewListing":                onlyError(b.NewListing(b.ctx, lease, run.ID)),
			"AppendListing":             b.AppendListing(b.ctx, lease, listing.ID, "", "2", rowsOf("x"), true),
			"Claim":                     onlyError(b.Claim(b.ctx, lease, news, []state.Claim{{Key: "b@example.com"}})),
			"NoteChanges":               b.NoteChanges(b.ctx, lease, []state.Change{change}),
			"Settle": b.Settle(b.ctx, lease, news, []state.Settlement{{
				Memory: kept, ChangeIDs: claimed[0].ChangeIDs, State: state.ChangeApplied, Failures: []state.Failure{{RecordID: 1}},
			}}),
			"MarkReverted": b.MarkReverted(b.ctx, lease, claimed[0].ChangeIDs, map[string][]byte{"a@example.com": {1}}),
		} {
			t.Run(name, func(t *testing.T) { wantErr(t, err, state.ErrLeaseLost) })
		}
		wantSame(t, "everything remembered", before, b.fingerprint())
	}
	t.Run("while the batch waits", func(t *testing.T) { overtaken(t, stale) })

	b.begin(lapsed[0])
	before = b.fingerprint()
	t.Run("while another worker is at it", func(t *testing.T) { overtaken(t, stale) })
	guess := stale
	guess.Generation = 2
	t.Run("also when it guesses the generation", func(t *testing.T) { overtaken(t, guess) })
}

// fingerprint is the content of every table that workers write.
func (b *bundle) fingerprint() map[string]string {
	b.t.Helper()
	content := map[string]string{}
	for _, table := range []string{"runs", "batches", "changes", "failures", "touches", "listings", "listing_rows", "roster", "memories"} {
		var text string
		must(b.t, b.raw.QueryRow(b.ctx, `SELECT coalesce(string_agg(x::text, E'\n' ORDER BY x::text), '') FROM `+table+` x`).Scan(&text))
		content[table] = text
	}
	return content
}
