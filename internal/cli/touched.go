package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/state"
)

// pointed are records that somebody pointed at, as they were found before they are looked at.
type pointed struct {
	sync   string
	ids    []int64
	absent []app.Absent      // those that the sync is not about any more
	newest int64             // id of the newest change there was
	seen   []app.DomainSides // what both sides said of them, for JSON
}

// point gets ready to have records looked at. Of a record that the sync is not about, and of which nothing is left to be
// settled, it says so; then nothing is done. When WHMCS cannot be asked, the records are looked at all the same.
func (e *env) point(ctx context.Context, a *app.App, name string, ids []int64) (pointed, error) {
	p := pointed{sync: name, ids: ids}
	var err error
	if p.absent, err = a.Absent(ctx, name, ids); err != nil {
		fmt.Fprintf(e.err, "whmcsync: whether WHMCS has them cannot be seen: %v\n", err)
	}
	var unknown []string
	for _, one := range p.absent {
		if !one.Known {
			unknown = append(unknown, fmt.Sprintf("%s %d is not in %s: %s", nounOf(a, name), one.RecordID, name, one.Why))
		}
	}
	if len(unknown) > 0 {
		return p, usage("%s", strings.Join(unknown, "; "))
	}
	changes, err := a.Store.Changes(ctx, state.ChangeFilter{Sync: name, Limit: 1})
	if len(changes) > 0 {
		p.newest = changes[0].ID
	}
	return p, err
}

// touched says that records will be looked at.
func (e *env) touched(ctx context.Context, a *app.App, p pointed) error {
	if e.json {
		return e.printJSON(map[string]any{"sync": p.sync, "records": append([]int64{}, p.ids...)})
	}
	if len(p.ids) == 0 {
		fmt.Fprintf(e.out, "%s has no such failure\n", p.sync)
		return nil
	}
	fmt.Fprintf(e.out, "%s of %s will be looked at in a moment; see `whmcsync changes %s` and `whmcsync failures %s`\n",
		counted(len(p.ids), nounOf(a, p.sync)), p.sync, p.sync, p.sync)
	return e.sayAlone(ctx, a)
}

// awaitTouched waits until nothing points at records of the sync any more, then tells what became of those named.
func (e *env) awaitTouched(ctx context.Context, a *app.App, p pointed) error {
	for {
		busy, err := touching(ctx, a, p.sync)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if err == nil && !busy {
			break
		}
		if err = a.Paused(ctx, p.sync); err != nil && ctx.Err() == nil {
			return fmt.Errorf("what was asked for is kept and waits: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("stopped waiting; what was asked for will be looked at all the same")
		case <-time.After(150 * time.Millisecond):
		}
	}
	result, err := p.result(ctx, a)
	if err != nil {
		return err
	}
	if err := e.printTouched(a, p, result); err != nil {
		return err
	}
	return result.findings()
}

// touching says that records are pointed at, or being looked at because of it.
func touching(ctx context.Context, a *app.App, name string) (bool, error) {
	_, pending, err := a.Store.PendingTouches(ctx, name, 0)
	if err != nil || pending > 0 {
		return true, err
	}
	runs, err := a.Store.OpenRuns(ctx, name)
	return slices.ContainsFunc(runs, func(r state.Run) bool { return r.Kind == state.RunTouch }), err
}

// result is what became of records that somebody pointed at.
type result struct {
	failures []state.Failure
	held     []state.Change
	absent   []leftover
}

// leftover is what became of a record that the sync is not about any more.
type leftover struct {
	Record  int64        `json:"record"`
	Why     string       `json:"why"`
	Changes []changeView `json:"changes"`
}

func (p pointed) result(ctx context.Context, a *app.App) (r result, err error) {
	named := map[int64]bool{}
	for _, id := range p.ids {
		named[id] = true
	}
	if r.failures, err = a.Store.Failures(ctx, state.FailureFilter{Sync: p.sync}); err != nil {
		return r, err
	}
	r.failures = slices.DeleteFunc(r.failures, func(f state.Failure) bool { return !named[f.RecordID] })
	if r.held, err = allChanges(ctx, a, state.ChangeFilter{Sync: p.sync, State: state.ChangeHeld}); err != nil {
		return r, err
	}
	r.held = slices.DeleteFunc(r.held, func(c state.Change) bool { return !named[c.RecordID] })
	for _, one := range p.absent {
		changes, err := allChanges(ctx, a, state.ChangeFilter{Sync: p.sync, RecordID: one.RecordID})
		if err != nil {
			return r, err
		}
		changes = slices.DeleteFunc(changes, func(c state.Change) bool { return c.ID <= p.newest })
		r.absent = append(r.absent, leftover{one.RecordID, one.Why, changeViews(changes)})
	}
	return r, nil
}

// findings are what is left for a person.
func (r result) findings() error {
	switch {
	case len(r.held) > 0:
		return &findingsError{fmt.Sprintf("%s held: %s", counted(len(r.held), "change"), decisions(r.held))}
	case len(r.failures) > 0:
		return &findingsError{}
	}
	return nil
}

// decisions says how to decide on held changes: by the runs that hold them.
func decisions(held []state.Change) string {
	runs := map[int64]bool{}
	for _, c := range held {
		runs[c.RunID] = true
	}
	var ways []string
	for _, run := range slices.Sorted(maps.Keys(runs)) {
		ways = append(ways, fmt.Sprintf("`whmcsync approve %d` or `whmcsync reject %d`", run, run))
	}
	return strings.Join(ways, ", ")
}

func (e *env) printTouched(a *app.App, p pointed, r result) error {
	if e.json {
		told := map[string]any{
			"sync": p.sync, "records": p.ids, "failures": failureViews(r.failures), "held": changeViews(r.held), "absent": append([]leftover{}, r.absent...),
		}
		if p.seen != nil {
			told["domains"] = p.seen
		}
		return e.printJSON(told)
	}
	noun := nounOf(a, p.sync)
	fmt.Fprintf(e.out, "%s of %s looked at, %s%s%s\n", counted(len(p.ids), noun), p.sync, failing(len(r.failures)), holding(len(r.held)), modeWords(a.Config.Syncs[p.sync].Mode))
	for _, one := range r.absent {
		e.printLeftover(noun, p.sync, one)
	}
	if len(r.failures) > 0 {
		e.printFailures(r.failures)
	}
	if len(r.held) > 0 {
		e.printChanges(r.held)
	}
	return nil
}

func (e *env) printLeftover(noun, sync string, one leftover) {
	done := "nothing was left to be done"
	if len(one.Changes) > 0 {
		var all []string
		for _, c := range one.Changes {
			all = append(all, fmt.Sprintf("%s of %s: %s -> %s (%s)", c.Field, c.Key, shown(c.Old), shown(c.New), c.State))
		}
		done = strings.Join(all, ", ")
	}
	fmt.Fprintf(e.out, "%s %d is not in %s any more, %s: %s\n", noun, one.Record, sync, one.Why, done)
}

func failing(n int) string {
	switch n {
	case 0:
		return "none fails"
	case 1:
		return "1 still fails"
	default:
		return grouped(n) + " still fail"
	}
}

func holding(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", 1 change is held"
	default:
		return ", " + grouped(n) + " changes are held"
	}
}
