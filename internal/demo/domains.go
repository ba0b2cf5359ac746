package demo

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/simkit"
	"github.com/whmcsync/whmcsync/internal/state"
)

// Domains is what the demo shows of domains: what a run would change, a run, the transfers, and a second run that has
// nothing left to do but to hold what a person has not decided about.
type Domains struct {
	N                              int
	Plan, First, Transfers, Second server.Run
	Fields                         []Field
	Held                           []state.Change // some of what the second run holds, which is what the first one held
	Letters                        []Letter       // the reports of the first run and of the transfers
}

// Field is what became of one field of many domains, in numbers of changes.
type Field struct {
	Name      string `json:"field"`
	Planned   int64  `json:"planned"` // by the plan
	Applied   int64  `json:"applied"` // by the first run
	Held      int64  `json:"held"`
	Noticed   int64  `json:"noticed"`   // seen and left alone
	Transfers int64  `json:"transfers"` // applied by the run of the transfers
	Second    int64  `json:"second"`    // applied by the second run
}

// heldShown is how many held changes are shown.
const heldShown = 5

// domains plans, applies, follows the transfers, and looks again.
func (s *stage) domains(ctx context.Context) (d Domains, err error) {
	d.N = s.Options.Domains
	fields := map[string]Field{}
	for _, step := range []struct {
		what    string
		run     *server.Run
		request state.Request
		count   func(f *Field, as state.ChangeState, n int64)
	}{
		{"Domains, the plan (nothing is touched):", &d.Plan, state.Request{Sync: "op-domains", Full: true, Notify: true}, (*Field).planned},
		{"Domains, first pass:", &d.First, state.Request{Sync: "op-domains"}, (*Field).done},
		{"Transfers:", &d.Transfers, state.Request{Sync: "op-transfers"}, (*Field).transferred},
		{"Domains, second pass:", &d.Second, state.Request{Sync: "op-domains"}, (*Field).again},
	} {
		fmt.Fprintln(s.Say, step.what)
		if *step.run, err = s.run(ctx, step.request, s.registrarCalls); err != nil {
			return d, err
		}
		// At once, since a later run takes over what an earlier one holds.
		if err := s.count(ctx, step.run.ID, fields, step.count); err != nil {
			return d, err
		}
	}
	d.Fields = slices.SortedFunc(maps.Values(fields), func(a, b Field) int {
		return cmp.Or(cmp.Compare(b.Planned, a.Planned), strings.Compare(a.Name, b.Name))
	})
	if err := s.gather(ctx, &d); err != nil {
		return d, err
	}
	if err := s.Show.Domains(d); err != nil {
		return d, err
	}
	return d, d.verdict(s.world.registrar.Violations())
}

func (s *stage) registrarCalls() (n int64) {
	for _, times := range s.world.registrar.Counts().Calls {
		n += times
	}
	return n
}

// count adds the changes of a run to the fields.
func (s *stage) count(ctx context.Context, run int64, fields map[string]Field, add func(*Field, state.ChangeState, int64)) error {
	totals, err := s.app.Store.ChangeTotals(ctx, run)
	for _, total := range totals {
		field := fields[total.Field]
		field.Name = total.Field
		add(&field, total.State, total.N)
		fields[total.Field] = field
	}
	return err
}

func (f *Field) planned(_ state.ChangeState, n int64) { f.Planned += n }

func (f *Field) done(as state.ChangeState, n int64) {
	switch as {
	case state.ChangeApplied:
		f.Applied += n
	case state.ChangeHeld:
		f.Held += n
	case state.ChangeNoticed:
		f.Noticed += n
	}
}

func (f *Field) transferred(as state.ChangeState, n int64) {
	if as == state.ChangeApplied {
		f.Transfers += n
	}
}

func (f *Field) again(as state.ChangeState, n int64) {
	if as == state.ChangeApplied {
		f.Second += n
	}
}

// gather reads some of what is held, and waits for the mails.
func (s *stage) gather(ctx context.Context, d *Domains) (err error) {
	held := state.ChangeFilter{RunID: d.Second.ID, State: state.ChangeHeld, Limit: heldShown}
	if d.Held, err = s.app.Store.Changes(ctx, held); err != nil {
		return err
	}
	for range 2 {
		letter, err := s.world.postbox.next(ctx)
		if err != nil {
			return err
		}
		d.Letters = append(d.Letters, letter)
	}
	return nil
}

// verdict is an error when the runs did not show what they are meant to show.
func (d Domains) verdict(violations []simkit.Violation) error {
	var second int64
	for _, field := range d.Fields {
		second += field.Second
	}
	for _, run := range []server.Run{d.Plan, d.First, d.Transfers, d.Second} {
		if run.State != string(state.RunDone) {
			return fmt.Errorf("run %d of %s ended as %s", run.ID, run.Sync, run.State)
		}
	}
	switch {
	case d.First.Counts[state.CountRecords] != int64(d.N):
		return fmt.Errorf("the first pass looked at %d of %d domains", d.First.Counts[state.CountRecords], d.N)
	case len(d.Fields) == 0 || len(d.Held) == 0:
		return fmt.Errorf("no domain was found to differ, or nothing was held")
	case second > 0:
		return fmt.Errorf("the second pass made %d changes", second)
	case len(violations) > 0:
		return fmt.Errorf("the registrar saw %d things that must not happen, the first: %+v", len(violations), violations[0])
	}
	return nil
}
