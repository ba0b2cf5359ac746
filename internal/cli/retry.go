package cli

import (
	"context"
	"slices"
	"strconv"

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
	ids, err := chosen(ctx, a, name, o)
	if err != nil {
		return err
	}
	p, err := e.point(ctx, a, name, ids)
	if err != nil {
		return err
	}
	if err := tryAgain(ctx, a, name, ids, o); err != nil {
		return err
	}
	if err := a.Wake(ctx, name); err != nil {
		return err
	}
	if o.wait && len(ids) > 0 {
		return e.awaitTouched(ctx, a, p)
	}
	return e.touched(ctx, a, p)
}

// filter chooses open failures by what they have in common.
func (o retryOptions) filter() state.FailureFilter {
	return state.FailureFilter{Class: o.class, RunID: o.run}
}

// chosen are the records that are to be tried again, sorted.
func chosen(ctx context.Context, a *app.App, name string, o retryOptions) ([]int64, error) {
	if len(o.ids) > 0 {
		return clientsOf(ctx, a, name, o.ids)
	}
	ids := slices.Clone(o.clients)
	if len(ids) == 0 {
		filter := o.filter()
		filter.Sync = name
		open, err := a.Store.Failures(ctx, filter)
		if err != nil {
			return nil, err
		}
		for _, f := range open {
			ids = append(ids, f.RecordID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// tryAgain has the records chosen looked at once more, whatever was refused before.
func tryAgain(ctx context.Context, a *app.App, name string, ids []int64, o retryOptions) error {
	if len(o.clients)+len(o.ids) == 0 {
		_, err := a.Store.Retry(ctx, name, o.filter())
		return err
	}
	for _, id := range ids {
		if _, err := a.Store.Retry(ctx, name, state.FailureFilter{RecordID: id}); err != nil {
			return err
		}
	}
	_, err := a.Store.Touch(ctx, name, ids, state.ByRetry)
	return err
}

// clientsOf finds the clients of failures by the ids that `failures` shows, sorted.
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
	slices.Sort(clients)
	return slices.Compact(clients), nil
}
