package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
)

// syncOptions are the flags of `sync` and `plan`.
type syncOptions struct {
	wait, local, dryRun, full bool
	records                   []int64
	domain                    string
}

func newSync(e *env) *cobra.Command {
	var o syncOptions
	cmd := &cobra.Command{
		Use:   "sync NAME",
		Short: "Ask for a run now",
		Long: `Ask the scheduler for a run of a sync now. With --wait, follow it to its end; with --local, run the roles inside this
command until the run has ended, so that nothing else need be running. --dry-run plans everything and changes nothing.`,
		Example: "  whmcsync sync newsletter --wait\n  whmcsync sync newsletter --dry-run --local\n  whmcsync sync newsletter --client 42\n  whmcsync sync op-domains --domain example.com",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: completeSyncs(e),
		RunE: func(cmd *cobra.Command, args []string) error { return e.sync(cmd.Context(), args[0], o) },
	}
	cmd.Flags().BoolVar(&o.wait, "wait", false, "follow the run to its end, with a progress bar on a terminal")
	cmd.Flags().BoolVar(&o.local, "local", false, "run scheduler and worker inside this command until the run has ended")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "plan and show, change nothing; follows the run to its end")
	cmd.Flags().BoolVar(&o.full, "full", false, "read and compare a full listing even if one was read lately")
	cmd.Flags().Var((*idsFlag)(&o.records), "client", "look at these records only (clients, or domains), by id, whatever is remembered of them")
	cmd.Flags().StringVar(&o.domain, "domain", "", "look at this domain only, show what both sides say, and settle it")
	cmd.MarkFlagsMutuallyExclusive("client", "domain")
	return cmd
}

func newPlan(e *env) *cobra.Command {
	o := syncOptions{dryRun: true, full: true}
	cmd := &cobra.Command{
		Use:   "plan NAME",
		Short: "Show exactly what a run would change, per record and in total; touches nothing",
		Long: `Compare every record with a full listing of the other side (the list, the registrar) and show what a run would change, per
record and in total. Nothing is written to either side. With --local nothing else need be running.`,
		Example: "  whmcsync plan newsletter --local\n  whmcsync plan op-domains --local\n  whmcsync plan newsletter --local --json | jq '.changes | length'",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: completeSyncs(e),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return e.sync(cmd.Context(), args[0], o) }
	cmd.Flags().BoolVar(&o.local, "local", false, "run scheduler and worker inside this command until the plan is made")
	return cmd
}

func (e *env) sync(ctx context.Context, name string, o syncOptions) error {
	if len(o.records) > 0 && (o.dryRun || o.full) || o.domain != "" && o.full {
		return usage("--client goes with neither --dry-run nor --full, --domain not with --full")
	}
	o.wait = o.wait || o.domain != "" && !o.local
	a, err := e.openSync(ctx, name)
	if err != nil {
		return err
	}
	defer a.Close()
	if kind := a.Config.Syncs[name].Type; o.domain != "" && kind != "domains" && kind != "transfers" {
		return usage("%s is a sync of type %s: --domain is for domains and transfers", name, kind)
	}
	if o.domain != "" && o.dryRun { // one look needs nobody else
		return e.syncDomain(ctx, a, name, o)
	}
	if err := e.hands(ctx, a, name, o); err != nil {
		return err
	}
	if o.domain != "" {
		return e.syncDomain(ctx, a, name, o)
	}
	if len(o.records) > 0 {
		return e.syncRecords(ctx, a, name, o, nil)
	}
	wish := state.Request{Sync: name, Trigger: state.ByHand, Full: o.full, Notify: o.dryRun}
	if !o.wait && !o.local && !o.dryRun {
		return e.ask(ctx, a, wish)
	}
	run, err := requestedRun(ctx, a, wish)
	if errors.Is(err, state.ErrRunInProgress) && o.dryRun {
		return stillGoing(run, name)
	}
	if err != nil && !errors.Is(err, state.ErrRunInProgress) {
		return err
	}
	return e.follow(ctx, a, run)
}

func stillGoing(run int64, sync string) error {
	return fmt.Errorf("run %d of %s is still going: wait for it (`whmcsync runs`)", run, sync)
}

// ask leaves a request for whoever schedules.
func (e *env) ask(ctx context.Context, a *app.App, wish state.Request) error {
	request, err := a.Request(ctx, wish)
	if errors.Is(err, state.ErrRunInProgress) {
		return stillGoing(request, wish.Sync)
	}
	if err != nil {
		return err
	}
	return e.asked(ctx, a, wish.Sync, request)
}

// requestedRun asks for a run and waits until it is there. While another one goes on the error is state.ErrRunInProgress
// and the id is that one's, even when it began between our asking and the scheduler's answer.
func requestedRun(ctx context.Context, a *app.App, wish state.Request) (int64, error) {
	for {
		id, err := a.Request(ctx, wish)
		if err != nil {
			return id, err
		}
		run, err := awaitRun(ctx, a, id)
		if !errors.Is(err, state.ErrRunInProgress) {
			return run, err
		}
	}
}

func (e *env) asked(ctx context.Context, a *app.App, name string, request int64) error {
	if e.json {
		return e.printJSON(map[string]any{"sync": name, "request": request})
	}
	fmt.Fprintf(e.out, "asked for a run of %s (request %d); see `whmcsync status %s`\n", name, request, name)
	return e.sayAlone(ctx, a)
}

// hands starts what the run needs inside this command, or makes sure that somebody else is there when that matters.
func (e *env) hands(ctx context.Context, a *app.App, name string, o syncOptions) error {
	switch {
	case o.local && o.dryRun:
		if err := undisturbed(ctx, a, name); err != nil {
			return err
		}
		return a.RehearseLocal(ctx, name)
	case o.local:
		return a.RunLocal(ctx, name)
	case o.wait || o.dryRun:
		return crewed(ctx, a)
	}
	return nil
}

// undisturbed demands that no run of the sync is open that writes: a rehearsal would wait for it for ever.
func undisturbed(ctx context.Context, a *app.App, name string) error {
	runs, err := a.Store.OpenRuns(ctx, name)
	for _, run := range runs {
		if !run.Notify {
			return fmt.Errorf("run %d (%s) of %s has not ended: let it end first (`whmcsync run`, or `whmcsync sync %s --wait --local`)", run.ID, run.Kind, name, name)
		}
	}
	return err
}

// crewed demands that a scheduler and a worker are alive somewhere.
func crewed(ctx context.Context, a *app.App) error {
	if a.HostsQueue() {
		return fmt.Errorf("no whmcsync is running with this configuration: %s", elsewhere("run"))
	}
	if err := a.OpenQueue(ctx); err != nil {
		return err
	}
	status, err := a.Status(ctx, false)
	if err != nil {
		return err
	}
	switch {
	case status.Leader == "":
		return fmt.Errorf("no scheduler is alive: %s", elsewhere("scheduler"))
	case status.Workers == 0:
		return fmt.Errorf("no worker is alive: %s", elsewhere("worker"))
	}
	return nil
}

// elsewhere says how to get the work done when nobody is there to do it.
func elsewhere(role string) string {
	return fmt.Sprintf("start `whmcsync %s`, or give --local, which does the work inside this command", role)
}

// syncRecords points at single records.
func (e *env) syncRecords(ctx context.Context, a *app.App, name string, o syncOptions, seen []app.DomainSides) error {
	if !o.wait && !o.local {
		e.joinQueue(ctx, a)
	}
	p, err := e.point(ctx, a, name, o.records)
	if err != nil {
		return err
	}
	p.seen = seen
	if err := a.Touch(ctx, name, o.records, state.ByRetry); err != nil {
		return err
	}
	if o.wait || o.local {
		return e.awaitTouched(ctx, a, p)
	}
	return e.touched(ctx, a, p)
}

// awaitRun waits until the scheduler has taken a request. state.ErrRunInProgress when it did not because another run goes on.
func awaitRun(ctx context.Context, a *app.App, request int64) (int64, error) {
	for {
		r, err := a.Store.Request(ctx, request)
		switch {
		case err != nil:
			return 0, err
		case r.Refused == state.ErrRunInProgress.Error():
			return 0, state.ErrRunInProgress
		case r.Refused != "":
			return 0, errors.New(r.Refused)
		case r.RunID != 0:
			return r.RunID, nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("stopped waiting; the request %d is kept and will be run", request)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// follow shows a run's progress until it has ended, then what came of it.
func (e *env) follow(ctx context.Context, a *app.App, id int64) error {
	bar := newProgress(e.err, e.json)
	defer bar.close()
	for {
		view, err := a.RunView(ctx, id)
		if err == nil {
			bar.show(view)
			if !view.Finished.IsZero() {
				bar.close()
				a.AwaitReport(ctx, view.ID)
				return e.ended(ctx, a, view)
			}
			err = stalled(ctx, a, view)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("stopped watching; run %d goes on", id)
		case <-time.After(150 * time.Millisecond):
		}
	}
}

// stalled says that a run cannot go on before a person does something.
func stalled(ctx context.Context, a *app.App, run server.Run) error {
	if err := a.Paused(ctx, run.Sync); err != nil {
		return fmt.Errorf("run %d is kept and waits: %w", run.ID, err)
	}
	return nil
}

// ended prints a finished run; held or failed records are findings.
func (e *env) ended(ctx context.Context, a *app.App, run server.Run) error {
	if run.Notify {
		if err := e.printPlan(ctx, a, run); err != nil {
			return err
		}
	} else if err := e.printRun(run); err != nil {
		return err
	}
	switch {
	case run.State == string(state.RunFailed):
		return fmt.Errorf("run %d failed: %s", run.ID, run.Error)
	case run.State == string(state.RunHeld):
		return &findingsError{fmt.Sprintf("run %d is held: %s (`whmcsync approve %d` or `reject %d`)", run.ID, run.Error, run.ID, run.ID)}
	case run.Held > 0:
		return &findingsError{heldWords(run)}
	case run.Counts[state.CountFailed] > 0:
		return &findingsError{fmt.Sprintf("%s failed: see `whmcsync failures %s`", counted(int(run.Counts[state.CountFailed]), "record"), run.Sync)}
	}
	return nil
}

// heldWords says what waits for a person, and how to decide about it.
func heldWords(run server.Run) string {
	return fmt.Sprintf("%s held: see `whmcsync changes --run %d --state held`, then `whmcsync approve %d` or `reject %d`",
		counted(run.Held, "change"), run.ID, run.ID, run.ID)
}
