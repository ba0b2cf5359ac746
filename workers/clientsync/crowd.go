package clientsync

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers"
)

// crowd is what one batch has to settle: its people, and what is remembered of them.
type crowd struct {
	people   []Person                // by owner; only those that this batch owns
	known    map[string]state.Memory // by address
	clients  int                     // clients read for this batch
	merged   int                     // clients settled together with another one who has the same address
	invalid  []state.Failure         // clients whose address is not valid, newly seen
	reported int                     // clients whose address is not valid, as was reported before
	healed   []int64                 // clients whose open failure is over: the address is valid now, or nobody is left whom it is about
	open     map[string]int64        // address -> client of the open failures about a person
	failed   map[int64]bool          // clients that failed in this run already
	left     farewells               // of those whose address has changed
}

// read gathers the people of a batch: its clients, everybody who shares an address with one of them, and the addresses
// that nobody in it has any more.
func (w *Worker) read(ctx context.Context, job workers.Job) (crowd, error) {
	clients, set, err := w.load(ctx, job)
	if err != nil {
		return crowd{}, err
	}
	c := crowd{known: set.Memories, clients: len(clients), open: map[string]int64{}, failed: map[int64]bool{}, left: farewells{}}
	here := addresses{named: len(job.Batch.IDs) > 0, batch: job.Batch, byEmail: map[string][]whmcs.Client{}, emails: map[int64]string{}}
	here.add(clients)
	c.addInvalid(clients, here.emails, set.Failures, job.Run)
	put, gone := workers.CompareRoster(here.emails, set.Roster)
	if err := w.Store.PutRoster(ctx, job.Batch.Sync, put, gone); err != nil {
		return crowd{}, err
	}
	if err := w.addSharers(ctx, job, &c, &here, set, put); err != nil {
		return crowd{}, err
	}
	here.addLeft(&c)
	here.people(&c)
	here.addForgotten(&c)
	return c, nil
}

func (w *Worker) load(ctx context.Context, job workers.Job) ([]whmcs.Client, state.RecordSet, error) {
	b, need := job.Batch, w.Policy.Needs()
	if len(b.IDs) > 0 {
		clients, err := w.Clients.ClientsByIDs(ctx, w.Features, need, b.IDs)
		if err != nil {
			return nil, state.RecordSet{}, err
		}
		set, err := w.Store.RecordsByIDs(ctx, b.Sync, b.IDs)
		return clients, set, err
	}
	clients, err := w.Clients.Clients(ctx, w.Features, need, b.FromID, b.ToID)
	if err != nil {
		return nil, state.RecordSet{}, err
	}
	set, err := w.Store.RecordsByRange(ctx, b.Sync, b.FromID, b.ToID)
	return clients, set, err
}

// addInvalid files the clients whose address is not valid: they are failures, each reported once, to which dry runs do not
// count. failures are the open ones of the batch's records; those about an address have no key.
func (c *crowd) addInvalid(clients []whmcs.Client, emails map[int64]string, failures []state.Failure, run state.Run) {
	open := map[int64]bool{}
	for _, failure := range failures {
		c.failed[failure.RecordID] = failure.RunID == run.ID
		if failure.Key != "" {
			c.open[failure.Key] = failure.RecordID
			continue
		}
		if email, exists := emails[failure.RecordID]; exists && email == "" {
			open[failure.RecordID] = !failure.Rehearsed
		} else {
			c.healed = append(c.healed, failure.RecordID)
		}
	}
	for _, client := range clients {
		switch {
		case emails[client.ID] != "":
		case open[client.ID] && run.Trigger != state.ByRetry:
			c.reported++
		default:
			_, err := whmcs.NormalizeEmail(client.RawEmail)
			c.invalid = append(c.invalid, state.Failure{RecordID: client.ID, Class: string(fault.Refused), Message: "e-mail address not valid: " + err.Error()})
		}
	}
}

// addSharers reads the clients outside this batch who share an address with one inside.
func (w *Worker) addSharers(ctx context.Context, job workers.Job, c *crowd, here *addresses, set state.RecordSet, put []state.RosterRow) error {
	fresh := here.unknown(put, set.Memories)
	rows := set.Shared
	if len(fresh) > 0 {
		more, err := w.Store.RosterByKeys(ctx, job.Batch.Sync, fresh)
		if err != nil {
			return err
		}
		rows = slices.Concat(rows, more)
		memories, err := w.Store.MemoriesByKeys(ctx, job.Batch.Sync, fresh)
		if err != nil {
			return err
		}
		maps.Copy(c.known, memories)
	}
	ids := here.strangers(rows)
	if len(ids) == 0 {
		return nil
	}
	clients, err := w.Clients.ClientsByIDs(ctx, w.Features, w.Policy.Needs(), ids)
	if err != nil {
		return err
	}
	here.add(clients)
	return w.addTheirFailures(ctx, job, c, here, ids)
}

// addTheirFailures reads the failures of those outside this batch that are about an address inside: who leads a person is
// not always in the batch that settles them.
func (w *Worker) addTheirFailures(ctx context.Context, job workers.Job, c *crowd, here *addresses, ids []int64) error {
	failures, err := w.Store.FailuresOf(ctx, job.Batch.Sync, ids)
	if err != nil {
		return err
	}
	for _, failure := range failures {
		if _, current := here.byEmail[failure.Key]; current {
			c.open[failure.Key] = failure.RecordID
			c.failed[failure.RecordID] = failure.RunID == job.Run.ID
		}
	}
	return nil
}

// addresses sorts clients by address.
type addresses struct {
	batch   state.Batch
	named   bool
	byEmail map[string][]whmcs.Client
	emails  map[int64]string // of every client seen, "" = not valid
	left    []Person
}

func (a *addresses) add(clients []whmcs.Client) {
	for _, client := range clients {
		if _, seen := a.emails[client.ID]; seen {
			continue
		}
		email, err := whmcs.NormalizeEmail(client.RawEmail)
		if err != nil {
			email = ""
		}
		a.emails[client.ID] = email
		if email != "" {
			a.byEmail[email] = append(a.byEmail[email], client)
		}
	}
}

// unknown are addresses of which the roster and the memories have not been read yet: those new to the roster, and
// those that a client of this batch had before.
func (a *addresses) unknown(put []state.RosterRow, known map[string]state.Memory) []string {
	emails := map[string]bool{}
	for _, row := range put {
		if row.Key != "" {
			emails[row.Key] = true
		}
	}
	for email := range known {
		if _, current := a.byEmail[email]; !current {
			emails[email] = true
		}
	}
	return slices.Sorted(maps.Keys(emails))
}

func (a *addresses) strangers(rows []state.RosterRow) []int64 {
	var ids []int64
	for _, row := range rows {
		if _, seen := a.emails[row.RecordID]; !seen {
			ids = append(ids, row.RecordID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// addLeft adds the addresses that were settled for a client of this batch and that nobody has any more.
func (a *addresses) addLeft(c *crowd) {
	for email, known := range c.known {
		if _, current := a.byEmail[email]; current {
			continue
		}
		left := Gone
		if _, exists := a.emails[known.RecordID]; exists {
			left = Moved
		}
		a.left = append(a.left, Person{Email: email, LastID: known.RecordID, Left: left})
	}
}

// people fills the crowd with the persons that are this batch's to settle.
func (a *addresses) people(c *crowd) {
	for email, clients := range a.byEmail {
		slices.SortFunc(clients, func(x, y whmcs.Client) int { return cmp.Compare(x.ID, y.ID) })
		person := Person{Email: email, Clients: clients}
		if a.owns(person) {
			c.people = append(c.people, person)
			c.merged += a.inside(clients) - 1
		} else {
			c.merged += a.inside(clients)
		}
	}
	for _, person := range a.left {
		if a.owns(person) {
			c.people = append(c.people, person)
		}
	}
	// An address that was left comes before the one that took its place: how they left decides about that.
	slices.SortFunc(c.people, func(x, y Person) int {
		return cmp.Or(min(len(x.Clients), 1)-min(len(y.Clients), 1), cmp.Compare(x.Owner(), y.Owner()), cmp.Compare(x.Email, y.Email))
	})
}

// addForgotten ends the failures about addresses that nobody has any more and of which nothing is remembered.
func (a *addresses) addForgotten(c *crowd) {
	for email, id := range c.open {
		_, current := a.byEmail[email]
		if _, known := c.known[email]; !current && !known {
			c.healed = append(c.healed, id)
		}
	}
}

// owns says whether this batch settles the person. A batch of named records settles all that it came across.
func (a *addresses) owns(p Person) bool {
	return a.named || a.contains(p.Owner())
}

func (a *addresses) contains(id int64) bool { return id > a.batch.FromID && id <= a.batch.ToID }

func (a *addresses) inside(clients []whmcs.Client) int {
	n := 0
	for _, client := range clients {
		if a.contains(client.ID) || (a.named && slices.Contains(a.batch.IDs, client.ID)) {
			n++
		}
	}
	return n
}
