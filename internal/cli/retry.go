package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
)

// retryOptions say which failures are meant.
type retryOptions struct {
	clients []int64
	class   string
	run     int64
	all     bool
	ids     []int64
	wait    bool
}

func newRetry(e *env) *cobra.Command {
	var o retryOptions
	cmd := &cobra.Command{
		Use:   "retry NAME [FAILURE_ID...]",
		Short: "Try failed records again now",
		Long: `Have clients or domains of a sync looked at again now: those of the failures named by id, one record, all failures of a
class or of a run, or all. What was refused before, by the other side or by a person, is tried again too. A record that has
no open failure can be named with --client all the same. With --wait, see what came of it.`,
		Example: "  whmcsync retry newsletter 7 8\n  whmcsync retry newsletter --client 42 --wait\n  whmcsync retry newsletter --class rejected",
		Args:    cobra.MinimumNArgs(1), ValidArgsFunction: completeSyncs(e),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if o.ids, err = numbers(args[1:]); err != nil {
			return err
		}
		if err := o.check(); err != nil {
			return err
		}
		return e.retry(cmd.Context(), args[0], o)
	}
	cmd.Flags().Var((*idsFlag)(&o.clients), "client", "these records (clients, or domains), by id")
	cmd.Flags().StringVar(&o.class, "class", "", "all of this class: "+classHelp)
	cmd.Flags().Var((*idFlag)(&o.run), "run", "all of this run")
	cmd.Flags().BoolVar(&o.all, "all", false, "all failures of the sync")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "wait until they were looked at")
	return cmd
}

// numbers reads ids.
func numbers(args []string) ([]int64, error) {
	ids := make([]int64, 0, len(args))
	for _, arg := range args {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || id <= 0 {
			return nil, usage("%q is no id of a failure; see `whmcsync failures`", arg)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// check demands exactly one choice.
func (o retryOptions) check() error {
	chosen := 0
	for _, given := range []bool{len(o.clients) > 0, o.class != "", o.run != 0, o.all, len(o.ids) > 0} {
		if given {
			chosen++
		}
	}
	if chosen != 1 {
		return usage("say which failures, in one way: FAILURE_ID, --client, --class, --run or --all")
	}
	return oneOf("--class", fault.Class(o.class), classes)
}

func (e *env) retry(ctx context.Context, name string, o retryOptions) error {
	a, err := e.openSync(ctx, name)
	if err != nil {
		return err
	}
	defer a.Close()
	if o.run != 0 {
		if _, err := knownRun(ctx, a, o.run); err != nil {
			return err
		}
	}
	if o.wait {
		err = crewed(ctx, a)
	} else {
		e.joinQueue(ctx, a)
	}
	if err != nil {
		return err
	}
	clients, err := retried(ctx, a, name, o)
	if err != nil {
		return err
	}
	if err := a.Wake(ctx, name); err != nil {
		return err
	}
	if o.wait && len(clients) > 0 {
		return e.awaitTouched(ctx, a, name, clients, nil)
	}
	return e.touched(ctx, a, name, clients)
}

// retried has the failures chosen tried again and returns their clients, sorted.
func retried(ctx context.Context, a *app.App, name string, o retryOptions) ([]int64, error) {
	clients := slices.Clone(o.clients)
	if len(o.ids) > 0 {
		named, err := clientsOf(ctx, a, name, o.ids)
		if err != nil {
			return nil, err
		}
		clients = named
	}
	if len(clients) == 0 {
		return a.Store.Retry(ctx, name, state.FailureFilter{Class: o.class, RunID: o.run})
	}
	for _, id := range clients {
		if _, err := a.Store.Retry(ctx, name, state.FailureFilter{RecordID: id}); err != nil {
			return nil, err
		}
	}
	if _, err := a.Store.Touch(ctx, name, clients, state.ByRetry); err != nil {
		return nil, err
	}
	slices.Sort(clients)
	return slices.Compact(clients), nil
}

// clientsOf finds the clients of failures by the ids that `failures` shows.
func clientsOf(ctx context.Context, a *app.App, name string, ids []int64) ([]int64, error) {
	open, err := a.Store.Failures(ctx, state.FailureFilter{Sync: name})
	if err != nil {
		return nil, err
	}
	var clients []int64
	for _, id := range ids {
		i := slices.IndexFunc(open, func(f state.Failure) bool { return f.ID == id })
		if i < 0 {
			return nil, usage("%s has no open failure %d; see `whmcsync failures %s`", name, id, name)
		}
		clients = append(clients, open[i].RecordID)
	}
	return clients, nil
}

// touched says that clients will be looked at.
func (e *env) touched(ctx context.Context, a *app.App, name string, clients []int64) error {
	if e.json {
		return e.printJSON(map[string]any{"sync": name, "records": append([]int64{}, clients...)})
	}
	if len(clients) == 0 {
		fmt.Fprintf(e.out, "%s has no such failure\n", name)
		return nil
	}
	fmt.Fprintf(e.out, "%s of %s will be looked at in a moment; see `whmcsync changes %s` and `whmcsync failures %s`\n",
		counted(len(clients), nounOf(a, name)), name, name, name)
	return e.sayAlone(ctx, a)
}

// awaitTouched waits until nothing points at records of the sync any more, then tells which of those named still fail.
// seen is what both sides said of them before, for JSON.
func (e *env) awaitTouched(ctx context.Context, a *app.App, name string, clients []int64, seen []app.DomainSides) error {
	for {
		busy, err := touching(ctx, a, name)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if err == nil && !busy {
			break
		}
		if err = a.Paused(ctx, name); err != nil && ctx.Err() == nil {
			return fmt.Errorf("what was asked for is kept and waits: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("stopped waiting; what was asked for will be looked at all the same")
		case <-time.After(150 * time.Millisecond):
		}
	}
	open, err := a.Store.Failures(ctx, state.FailureFilter{Sync: name})
	if err != nil {
		return err
	}
	open = slices.DeleteFunc(open, func(f state.Failure) bool { return !slices.Contains(clients, f.RecordID) })
	return e.printTouched(a, name, clients, open, seen)
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

func (e *env) printTouched(a *app.App, name string, clients []int64, open []state.Failure, seen []app.DomainSides) error {
	if e.json {
		told := map[string]any{"sync": name, "records": clients, "failures": failureViews(open)}
		if seen != nil {
			told["domains"] = seen
		}
		if err := e.printJSON(told); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(e.out, "%s of %s looked at, %s%s\n", counted(len(clients), nounOf(a, name)), name, failing(len(open)), modeWords(a.Config.Syncs[name].Mode))
		if len(open) > 0 {
			e.printFailures(open)
		}
	}
	if len(open) > 0 {
		return &findingsError{}
	}
	return nil
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
