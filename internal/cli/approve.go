package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/state"
)

func newApprove(e *env) *cobra.Command {
	var wait bool
	cmd := &cobra.Command{
		Use:   "approve RUN",
		Short: "Let a run do what it holds",
		Long: `Let a run do what it holds. Held changes are planned anew, live, by a run of their own: what is still wanted by then is
done, what is not is dropped. A run that was held because its listing was implausible goes on. With --wait, follow it.`,
		Example: "  whmcsync changes --run 12 --state held\n  whmcsync approve 12 --wait",
		Args:    cobra.ExactArgs(1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return e.approve(cmd.Context(), args[0], wait) }
	cmd.Flags().BoolVar(&wait, "wait", false, "follow the run to its end, with a progress bar on a terminal")
	return cmd
}

func newReject(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "reject RUN",
		Short: "Refuse what a run holds",
		Long: `Refuse what a run holds. The same change is not planned again until the record changes, or until you ` + "`whmcsync retry`" + ` the
record. A run that was held because its listing was implausible ends as failed.`,
		Example: "  whmcsync changes --run 12 --state held\n  whmcsync reject 12",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return e.reject(cmd.Context(), args[0]) },
	}
}

// openRun opens the application for a command about one run.
func (e *env) openRun(ctx context.Context, arg string) (*app.App, state.Run, error) {
	id, err := runID(arg)
	if err != nil {
		return nil, state.Run{}, err
	}
	a, err := e.open(ctx)
	if err != nil {
		return nil, state.Run{}, err
	}
	run, err := knownRun(ctx, a, id)
	if err != nil {
		a.Close()
		return nil, run, err
	}
	return a, run, nil
}

func runID(arg string) (int64, error) {
	id, err := strconv.ParseInt(arg, 10, 64)
	if err != nil || id <= 0 {
		return 0, usage("%q is no id of a run; see `whmcsync runs`", arg)
	}
	return id, nil
}

func (e *env) approve(ctx context.Context, arg string, wait bool) error {
	a, run, err := e.openRun(ctx, arg)
	if err != nil {
		return err
	}
	defer a.Close()
	if wait {
		if err := crewed(ctx, a); err != nil {
			return err
		}
	}
	if run.Held > 0 && a.Config.Syncs[run.Sync].Mode == "notify" {
		return fmt.Errorf("%s is in notify mode, so nothing of run %d would be written: take the mode away and restart first, or reject it", run.Sync, run.ID)
	}
	approved, err := a.Store.Approve(ctx, run.ID)
	switch {
	case errors.Is(err, state.ErrNothing):
		return holdsNothing(ctx, a, run)
	case errors.Is(err, state.ErrRunInProgress):
		return fmt.Errorf("another run of %s is going: run %d cannot go on; reject it", run.Sync, run.ID)
	case err != nil:
		return err
	}
	said := fmt.Sprintf("%s of run %d %s planned anew and done by run %d", counted(run.Held, "held change"), run.ID, isAre(run.Held), approved.ID)
	if approved.ID == run.ID {
		said = fmt.Sprintf("the listing of run %d is believed, and the run goes on", run.ID)
	}
	return e.errand(ctx, a, approved, said, wait)
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// holdsNothing says so, and which newer run has taken over what the run may have held.
func holdsNothing(ctx context.Context, a *app.App, run state.Run) error {
	held, err := a.Store.HeldRuns(ctx, run.Sync)
	if err != nil {
		return err
	}
	if len(held) > 0 {
		newest := slices.Max(slices.Collect(maps.Keys(held)))
		return fmt.Errorf("run %d (%s) holds nothing; run %d of %s holds %s now", run.ID, run.State, newest, run.Sync, counted(held[newest], "change"))
	}
	return fmt.Errorf("run %d (%s) holds nothing; see `whmcsync status %s`", run.ID, run.State, run.Sync)
}

// errand says what an accepted wish comes to, and follows its run when that is wanted.
func (e *env) errand(ctx context.Context, a *app.App, run state.Run, said string, wait bool) error {
	if wait {
		if !e.json {
			fmt.Fprintln(e.out, said)
		}
		return e.follow(ctx, a, run.ID)
	}
	if e.json {
		return e.printJSON(map[string]any{"sync": run.Sync, "run": run.ID})
	}
	fmt.Fprintf(e.out, "%s; see `whmcsync runs %s --all`\n", said, run.Sync)
	return e.sayAlone(ctx, a)
}

// sayAlone tells that nobody is there to do what was just asked for.
func (e *env) sayAlone(ctx context.Context, a *app.App) error {
	lead, err := a.Store.Leader(ctx)
	if err == nil && !lead.Leader {
		fmt.Fprintln(e.out, "No scheduler is alive: it waits until `whmcsync run` is started.")
	}
	return err
}

func (e *env) reject(ctx context.Context, arg string) error {
	a, run, err := e.openRun(ctx, arg)
	if err != nil {
		return err
	}
	defer a.Close()
	rejected, err := a.Store.Reject(ctx, run.ID)
	if errors.Is(err, state.ErrNothing) {
		return holdsNothing(ctx, a, run)
	}
	if err != nil {
		return err
	}
	if e.json {
		return e.printJSON(map[string]any{"sync": run.Sync, "run": run.ID, "rejected": rejected})
	}
	if run.State == state.RunHeld {
		fmt.Fprintf(e.out, "run %d is rejected and has failed: nothing of it was done\n", run.ID)
		return nil
	}
	fmt.Fprintf(e.out, "%s of run %d rejected: not planned again until the record changes\n", counted(rejected, "held change"), run.ID)
	return nil
}
