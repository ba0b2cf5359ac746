package clientsync

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers"
)

// Worker executes the batches of one clients sync. It may be used by many goroutines at once.
type Worker struct {
	Policy   Policy
	Features whmcs.Features
	Clients  Clients
	List     maillist.Destination
	Store    workers.DutyStore
	MaxAge   time.Duration // how old a listing may be for a write upon it; default 10 minutes
	Clock    workers.Clock
	Log      zerolog.Logger
}

// chunk is how many people are claimed, written and settled together: what a crash leaves to be looked at again.
func (w *Worker) chunk() int {
	if _, many := w.List.(maillist.Writer); many {
		return 250
	}
	return 25
}

// Do executes one batch of whatever kind.
func (w *Worker) Do(ctx context.Context, job workers.Job) (state.Counts, []state.Failure, error) {
	switch job.Batch.Kind {
	case state.BatchListing:
		counts, err := w.list(ctx, job)
		return counts, nil, err
	case state.BatchRevert:
		return w.revert(ctx, job)
	default:
		return w.settle(ctx, job)
	}
}

// settle reads the batch, plans every person, and settles those with something to do, a chunk at a time.
func (w *Worker) settle(ctx context.Context, job workers.Job) (state.Counts, []state.Failure, error) {
	crowd, err := w.read(ctx, job)
	if err != nil {
		return nil, nil, err
	}
	earlier, err := workers.ReadEarlier(ctx, w.Store, job.Batch)
	if err != nil {
		return nil, nil, err
	}
	decisions, err := w.plan(ctx, job, crowd, earlier)
	if err != nil {
		return nil, nil, err
	}
	tally := newTally(crowd, earlier)
	errand := &errand{Worker: w, job: job, known: crowd.known, open: crowd.open, left: crowd.left, earlier: earlier, tally: tally}
	var adopted, busy []Decision
	for _, d := range decisions {
		switch d.Act {
		case Nothing:
			tally.count(d)
			errand.notices.Decided(job, d.Wish.Email)
		case Adopt:
			adopted = append(adopted, d)
		default:
			busy = append(busy, d)
		}
	}
	// What is only to be remembered needs no call: all of it goes in one transaction, however much a first load brings.
	parts := slices.Collect(slices.Chunk(busy, w.chunk()))
	if len(adopted) > 0 {
		parts = append([][]Decision{adopted}, parts...)
	}
	for _, part := range parts {
		if err := errand.do(ctx, part); err != nil {
			return nil, nil, err
		}
	}
	if err := errand.heal(ctx, crowd.healed); err != nil {
		return nil, nil, err
	}
	if err := errand.notices.Record(ctx, w.Store, job, tally.counts); err != nil {
		return nil, nil, err
	}
	return tally.counts, crowd.invalid, errand.unsettled
}

// plan decides about every person of the crowd from memory and, where the run has one, the listing.
func (w *Worker) plan(ctx context.Context, job workers.Job, c crowd, earlier workers.Earlier) ([]Decision, error) {
	evidence, err := w.evidence(ctx, job, c)
	if err != nil {
		return nil, err
	}
	mustLook := job.Run.Trigger == state.ByRetry || job.Batch.Kind == state.BatchDestructive
	// Memory does not know what a failure was about: only a look tells that it is over.
	doubtful := func(d Decision) bool { return d.over() && c.open[d.Wish.Email] != 0 }
	decisions := make([]Decision, len(c.people))
	for i, person := range c.people {
		known := c.known[person.Email]
		if job.Run.Trigger == state.ByRetry {
			known.Refused = nil
		}
		wish := w.Policy.Wish(person)
		wish.Left = c.left.of(wish.Members).left
		d := w.Policy.Decide(wish, known, evidence[person.Email])
		c.left.note(d, nil)
		if mustLook || earlier.Unsettled[person.Email] != nil || doubtful(d) {
			d.Act = Look
		}
		decisions[i] = d
	}
	return decisions, nil
}

// evidence reads the listing's entries for the people of a batch. Without a listing nothing is known.
func (w *Worker) evidence(ctx context.Context, job workers.Job, c crowd) (map[string]Evidence, error) {
	evidence := map[string]Evidence{}
	if job.Run.ListingID == 0 || len(c.people) == 0 {
		return evidence, nil
	}
	keys := make([]string, len(c.people))
	for i, person := range c.people {
		keys[i] = person.Email
	}
	listing, err := w.Store.Listing(ctx, job.Run.ListingID)
	if err != nil {
		return nil, err
	}
	rows, err := w.Store.ListingRows(ctx, job.Run.ListingID, keys)
	if err != nil {
		return nil, err
	}
	until, gaps := listing.BegunAt.Add(cmp.Or(w.MaxAge, 10*time.Minute)), parsePlace(listing.Cursor).gaps
	for _, key := range keys {
		// What was settled since the listing began, it cannot know: memory is the better evidence.
		if c.known[key].SettledAt.Before(listing.BegunAt) {
			evidence[key] = Evidence{Known: true, Fresh: w.Clock.Now().Before(until), Gaps: gaps, Until: until}
		}
	}
	listed, err := entries(rows)
	if err != nil {
		return nil, fault.New(fault.Refused, job.Batch.Account, "read listing", "entry of run %d: %w", job.Run.ID, err)
	}
	for key, e := range evidence {
		for _, entry := range listed[key] {
			e = e.with(entry)
		}
		evidence[key] = e
	}
	return evidence, nil
}

// entries reads the rows of a listing, by key. Of an entry that moved while it was listed the last row counts.
func entries(rows []state.ListingRow) (map[string][]maillist.Entry, error) {
	listed := map[string][]maillist.Entry{}
	for _, row := range rows {
		var entry maillist.Entry
		if err := json.Unmarshal(row.Body, &entry); err != nil {
			return nil, err
		}
		older := func(e maillist.Entry) bool { return e.ID == entry.ID }
		listed[row.Key] = append(slices.DeleteFunc(listed[row.Key], older), entry)
	}
	return listed, nil
}

// with takes one more entry of the same person in. When the list holds two spellings of an address, the one that must
// not be written to decides, and one that was deleted counts least.
func (e Evidence) with(entry maillist.Entry) Evidence {
	if e.Entry == nil || weight(entry) > weight(*e.Entry) {
		e.Entry = &entry
	}
	return e
}

func weight(e maillist.Entry) int {
	switch e.Suppression {
	case maillist.Deleted:
		return 0
	case maillist.NotSuppressed:
		return 1
	default:
		return 2
	}
}
