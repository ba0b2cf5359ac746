package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/state"
)

// manyChanges is how many changes are reverted without asking back.
const manyChanges = 500

// revertOptions say what is to be undone.
type revertOptions struct {
	run     int64
	changes []int64
	yes     bool
	wait    bool
}

func newRevert(e *env) *cobra.Command {
	var o revertOptions
	cmd := &cobra.Command{
		Use:   "revert RUN|cCHANGE...",
		Short: "Undo the applied changes of a run, or single ones, where that is safe",
		Long: `Undo applied changes where that is safe: where the other side still holds what was written, and where nobody is subscribed
again by it. What cannot be undone is listed as a failure with the reason. What was undone is not done again until the
record changes.

A number is a run; c and a number is a change, with the id that ` + "`whmcsync changes`" + ` shows. More than ` + strconv.Itoa(manyChanges) + ` changes need --yes.`,
		Example: "  whmcsync revert 12 --wait\n  whmcsync revert c345 c346\n  whmcsync revert --change 345",
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.add(args); err != nil {
			return err
		}
		return e.revert(cmd.Context(), o)
	}
	cmd.Flags().Var((*idFlag)(&o.run), "run", "all applied changes of this run")
	cmd.Flags().Var((*idsFlag)(&o.changes), "change", "these changes")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "also when there are more than "+strconv.Itoa(manyChanges))
	cmd.Flags().BoolVar(&o.wait, "wait", false, "follow it to its end, with a progress bar on a terminal")
	return cmd
}

// add takes the arguments in. In the end there is either a run or changes.
func (o *revertOptions) add(args []string) error {
	runs := 0
	if o.run != 0 {
		runs++
	}
	for _, arg := range args {
		digits, isChange := strings.CutPrefix(arg, "c")
		id, err := strconv.ParseInt(digits, 10, 64)
		switch {
		case err != nil || id <= 0:
			return usage("%q is neither a run (12) nor a change (c345)", arg)
		case isChange:
			o.changes = append(o.changes, id)
		default:
			o.run = id
			runs++
		}
	}
	if runs > 1 || runs == 1 == (len(o.changes) > 0) {
		return usage("say what to revert: one run (12), or changes (c345 c346)")
	}
	return nil
}

func (e *env) revert(ctx context.Context, o revertOptions) error {
	a, err := e.open(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	changes, err := toRevert(ctx, a, o)
	if err != nil {
		return err
	}
	if len(changes) > manyChanges && !o.yes {
		return usage("these are %s: add --yes if you mean it", counted(len(changes), "change"))
	}
	if o.wait {
		if err := crewed(ctx, a); err != nil {
			return err
		}
	}
	ids := make([]int64, len(changes))
	for i, c := range changes {
		ids[i] = c.ID
	}
	run, err := a.Store.RequestRevert(ctx, changes[0].Sync, "revert/"+strconv.FormatInt(time.Now().UnixMicro(), 10), ids)
	if err != nil {
		return err
	}
	said := fmt.Sprintf("%s will be undone by run %d where that is safe", counted(len(ids), "change"), run.ID)
	if err := e.errand(ctx, a, run, said, o.wait); err != nil || !o.wait {
		return err
	}
	return notReverted(ctx, a, run.Sync, ids)
}

// notReverted is a finding when some of the changes are still applied.
func notReverted(ctx context.Context, a *app.App, sync string, ids []int64) error {
	left, err := allChanges(ctx, a, state.ChangeFilter{IDs: ids, State: state.ChangeApplied})
	if err != nil || len(left) == 0 {
		return err
	}
	return &findingsError{fmt.Sprintf("%s could not be undone: see `whmcsync failures %s`", counted(len(left), "change"), sync)}
}

// toRevert reads the applied changes that are meant: at least one, all of one configured sync.
func toRevert(ctx context.Context, a *app.App, o revertOptions) ([]state.Change, error) {
	if o.run != 0 {
		run, err := knownRun(ctx, a, o.run)
		if err != nil {
			return nil, err
		}
		changes, err := allChanges(ctx, a, state.ChangeFilter{RunID: run.ID, State: state.ChangeApplied})
		if err == nil && len(changes) == 0 {
			err = fmt.Errorf("run %d has no applied change to revert", run.ID)
		}
		return changes, err
	}
	changes, err := allChanges(ctx, a, state.ChangeFilter{IDs: o.changes})
	if err != nil {
		return nil, err
	}
	return changes, revertible(a, o.changes, changes)
}

func revertible(a *app.App, asked []int64, found []state.Change) error {
	byID := map[int64]state.Change{}
	for _, c := range found {
		byID[c.ID] = c
	}
	for _, id := range asked {
		c, ok := byID[id]
		switch {
		case !ok:
			return usage("there is no change %d; see `whmcsync changes`", id)
		case c.State != state.ChangeApplied:
			return fmt.Errorf("change %d is %s, and only an applied one can be reverted", id, c.State)
		case c.Sync != found[0].Sync:
			return usage("change %d belongs to %s and change %d to %s: revert them one after the other", found[0].ID, found[0].Sync, id, c.Sync)
		}
	}
	if _, ok := a.Config.Syncs[found[0].Sync]; !ok {
		return usage("the changes belong to the sync %q, which is not in the configuration (any more)", found[0].Sync)
	}
	return nil
}
