package demo

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/simkit"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Clients is what the demo shows of clients: a first pass, and a second one that has nothing left to do.
type Clients struct {
	N             int
	First, Second server.Run
}

// Calls is how many calls the outside system counted during a run of the demo.
func Calls(run server.Run) int64 { return run.Counts[callsKey] }

// clients runs a first pass during which a worker dies, and a second one.
func (s *stage) clients(ctx context.Context) (c Clients, err error) {
	c.N = s.Options.Clients
	calls := func() int64 { return s.world.list.Summary().TotalCalls }
	newsletter := state.Request{Sync: "newsletter"}
	fmt.Fprintln(s.Say, "Clients, first pass (a worker is killed on the way):")
	killed := make(chan error, 1)
	go func() { killed <- s.crew.killOne(ctx, s.app, newsletter.Sync) }()
	if c.First, err = s.run(ctx, newsletter, calls); err != nil {
		return c, err
	}
	if err := <-killed; err != nil {
		return c, err
	}
	fmt.Fprintln(s.Say, "Clients, second pass:")
	if c.Second, err = s.run(ctx, newsletter, calls); err != nil {
		return c, err
	}
	if err := s.Show.Clients(c); err != nil {
		return c, err
	}
	return c, c.verdict(s.world.list.Violations())
}

// verdict is an error when the passes did not show what they are meant to show.
func (c Clients) verdict(violations []simkit.Violation) error {
	switch {
	case c.First.State != string(state.RunDone) || c.Second.State != string(state.RunDone):
		return fmt.Errorf("the passes ended as %s and %s", c.First.State, c.Second.State)
	case c.First.Counts[state.CountRecords] < int64(c.N):
		return fmt.Errorf("the first pass looked at %d records only", c.First.Counts[state.CountRecords])
	case len(violations) > 0:
		return fmt.Errorf("the list saw %d things that must not happen, the first: %+v", len(violations), violations[0])
	case Calls(c.Second) > 20:
		return fmt.Errorf("the second pass cost %d API calls", Calls(c.Second))
	}
	return nil
}

// populateList puts people on the list as a list has them: some are there already, some have left, and some are no
// clients at all.
func (w *world) populateList(ctx context.Context) error {
	db, err := sql.Open("mysql", w.dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT email FROM tblclients WHERE status = 'Active' AND MOD(id, 20) = 0 ORDER BY id")
	if err != nil {
		return err
	}
	defer rows.Close()
	var people []sim.Person
	for rows.Next() {
		var raw string
		if err := rows.Scan(&raw); err != nil {
			return err
		}
		if email, err := whmcs.NormalizeEmail(raw); err == nil {
			people = append(people, present(email, len(people)))
		}
	}
	for i := range 50 {
		people = append(people, sim.Person{Email: fmt.Sprintf("reader%d@example.org", i), Status: "active", Groups: []int64{2}})
	}
	w.list.Seed(people...)
	return rows.Err()
}

// present is a client who is on the list already, in one of several conditions.
func present(email string, n int) sim.Person {
	p := sim.Person{Email: email, Status: "active", Groups: []int64{2}}
	switch n % 10 {
	case 0:
		p.Unsubscribed = true
	case 1:
		p.Bounced = true
	case 2:
		p.ReportedSpam = true
	case 3:
		p.LocalBan = true
	}
	return p
}
