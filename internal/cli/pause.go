package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/state"
)

func newPause(e *env) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "pause NAME",
		Short: "Stop a sync, or everything that goes to an account",
		Long: `Stop a sync, or everything that goes to an account. The batches in hand end; a run under way waits and goes on after
` + "`whmcsync resume`" + `. Nothing is forgotten meanwhile.`,
		Example:           "  whmcsync pause newsletter --reason 'moving to a new list'\n  whmcsync pause news",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completePausable(e),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return e.pause(cmd.Context(), args[0], true, reason) }
	cmd.Flags().StringVar(&reason, "reason", "paused by hand", "why, for others to read")
	return cmd
}

func newResume(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "resume NAME",
		Short:             "Let a paused sync or account go on",
		Long:              "Let a sync or an account go on that was paused by hand, or by whmcsync itself because the account refused the credentials.",
		Example:           "  whmcsync resume newsletter",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completePausable(e),
		RunE:              func(cmd *cobra.Command, args []string) error { return e.pause(cmd.Context(), args[0], false, "") },
	}
}

func (e *env) pause(ctx context.Context, name string, pause bool, reason string) error {
	cfg, err := e.load()
	if err != nil {
		return err
	}
	_, isSync := cfg.Syncs[name]
	if _, isAccount := cfg.Accounts[name]; !isSync && !isAccount {
		return usage("there is no sync and no account %q in the configuration; syncs: %s; accounts: %s", name, listed(cfg.Syncs), listed(cfg.Accounts))
	}
	a, err := e.openWith(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.Close()
	kind, err := a.Pausable(ctx, name, pause, reason)
	if errors.Is(err, state.ErrNotFound) {
		return usage("no sync uses the %s %s, so there is nothing to stop", kind, name)
	}
	if err != nil {
		return err
	}
	if e.json {
		return e.printJSON(map[string]any{"name": name, "kind": kind, "paused": pause})
	}
	if pause {
		fmt.Fprintf(e.out, "%s %s is paused: %s; `whmcsync resume %s` ends that\n", kind, name, reason, name)
	} else {
		fmt.Fprintf(e.out, "%s %s goes on\n", kind, name)
	}
	return nil
}
