package e2e

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// edits are what a person does to a domain in WHMCS.
var edits = []string{
	`UPDATE tbldomains SET status = 'Cancelled' WHERE id = ?`,
	`UPDATE tbldomains SET status = 'Active' WHERE id = ?`,
	`UPDATE tbldomains SET expirydate = expirydate + INTERVAL 3 DAY WHERE id = ? AND expirydate > '2000-01-01'`,
	`UPDATE tbldomains SET nextduedate = nextduedate - INTERVAL 2 DAY WHERE id = ? AND nextduedate > '2000-01-01'`,
	`UPDATE tbldomains SET nextduedate = nextduedate + INTERVAL 1 DAY, nextinvoicedate = nextduedate WHERE id = ? AND nextduedate > '2000-01-01'`,
	`UPDATE tbldomains SET donotrenew = 1 - donotrenew WHERE id = ?`,
	`UPDATE tbldomains SET idprotection = 1 - idprotection WHERE id = ?`,
}

func TestNoEditOfAPersonIsLost(t *testing.T) {
	t.Parallel()
	e, _ := crowd(t, plot{domains: 600})
	e.staff()
	begin := readHoldings(t, e.whmcs)
	ctx, stop := context.WithCancel(t.Context())
	editing := make(chan int, 1)
	go func() { editing <- e.keepEditing(ctx) }()
	run := e.await(e.ask(false), patience)
	stop()
	n := <-editing
	if run.State != state.RunDone {
		t.Fatalf("run %d ended as %s: %s", run.ID, run.State, run.Error)
	}
	overtaken := e.count(`SELECT count(*) FROM changes WHERE state = 'superseded'`)
	t.Logf("%d edits, %d values written, %d planned changes overtaken by an edit", n, e.entries(), overtaken)
	if overtaken == 0 {
		t.Error("no edit came between a plan and its write, so nothing is shown")
	}
	e.calm() // what hooks and polls asked for writes beside the run
	e.sawAll(begin)
	e.pass(false) // and what was overtaken is looked at again
	e.calm()
	e.closeBooks()
	f := e.foresee()
	e.fulfilled(e.pass(false), f)
	if n := e.entries(); n != 0 {
		t.Errorf("the third pass wrote %d values", n)
	}
}

// calm waits until nothing is left to be looked at again.
func (e *estate) calm() {
	e.t.Helper()
	testkit.Eventually(e.t, patience, func() (bool, string) {
		n := e.count(`SELECT (SELECT count(*) FROM touches) + (SELECT count(*) FROM runs WHERE NOT ended)`)
		return n == 0, fmt.Sprintf("%d records or runs are open, %s", n, e.progress())
	})
}

// keepEditing is a person who never rests, until ctx ends.
func (e *estate) keepEditing(ctx context.Context) (n int) {
	conn, err := e.whmcs.Conn(ctx)
	if err != nil {
		e.t.Error(err)
		return 0
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SET @editor = 'admin'`); err != nil {
		e.t.Error(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for ctx.Err() == nil {
		id := 1001 + random.IntN(600)
		if _, err := conn.ExecContext(ctx, edits[random.IntN(len(edits))], id); err != nil && ctx.Err() == nil {
			e.t.Error(err)
			return n
		}
		n++
		select {
		case <-ctx.Done():
		case <-time.After(3 * time.Millisecond):
		}
	}
	_, _ = conn.ExecContext(context.WithoutCancel(ctx), `SET @editor = NULL`) // the connection goes back to the pool
	return n
}

// moment is what the six columns of a row held from a time on.
type moment struct {
	at     float64
	values map[string]string
}

// sawAll goes through the books, from what the rows were at the begin: when the program wrote into a row, all six columns
// held what they had held at some time before the write was planned, and the plan says the value that was written over.
func (e *estate) sawAll(begin []holding) {
	e.t.Helper()
	past := map[int64][]moment{}
	for _, h := range begin {
		past[h.ID] = []moment{{values: map[string]string{
			"status": h.Status, "expiry": h.Expiry, "next_due": h.Due, "next_invoice": h.Invoice,
			"auto_renew": number(h.Stays), "id_protection": number(h.Hidden),
		}}}
	}
	planned := e.plans()
	for _, one := range e.books() {
		last := past[one.ID][len(past[one.ID])-1]
		if one.At != last.at { // several entries of one moment are one write
			if one.Editor == "" {
				e.sawBefore(one, past[one.ID], planned[one.key()])
			}
			last = moment{at: one.At, values: maps.Clone(last.values)}
			past[one.ID] = append(past[one.ID], last)
		}
		last.values[one.Field] = one.New
		if one.Editor == "" && len(planned[one.key()]) == 0 {
			e.t.Errorf("%s was written over without a plan that had seen it", one.key())
		}
	}
}

func (e *estate) sawBefore(one entry, past []moment, planned []float64) {
	e.t.Helper()
	now := past[len(past)-1]
	if len(planned) > 0 && !slices.ContainsFunc(past, func(m moment) bool {
		return m.at <= planned[len(planned)-1] && maps.Equal(m.values, now.values)
	}) {
		e.t.Errorf("%s was written although the row had become %v since it was planned", one.key(), now.values)
	}
}

func number(set bool) string {
	if set {
		return "1"
	}
	return "0"
}

// key names an entry as its change does.
func (e entry) key() string {
	return fmt.Sprintf("%d %s: %s -> %s", e.ID, e.Field, set(e.Old), set(e.New))
}

// set is a stored value, "" for an unset day.
func set(value string) string {
	if value == "0000-00-00" {
		return ""
	}
	return value
}

// plans are when the changes that were applied were planned.
func (e *estate) plans() map[string][]float64 {
	e.t.Helper()
	rows, err := e.state.Query(e.t.Context(), `SELECT record_id, field, old, new, extract(epoch FROM created_at)::float8 FROM changes
		WHERE state = 'applied' AND side = 'source' ORDER BY id`)
	if err != nil {
		e.t.Fatal(err)
	}
	defer rows.Close()
	times := map[string][]float64{}
	for rows.Next() {
		var one entry
		var at float64
		if err := rows.Scan(&one.ID, &one.Field, &one.Old, &one.New, &at); err != nil {
			e.t.Fatal(err)
		}
		times[one.key()] = append(times[one.key()], at)
	}
	return times
}
