package cli

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/state"
)

// openSync is open for a command about one sync, or about all of them when name is empty. An unknown name is told before
// anything is opened.
func (e *env) openSync(ctx context.Context, name string) (*app.App, error) {
	cfg, err := e.load()
	if err != nil {
		return nil, err
	}
	if _, ok := cfg.Syncs[name]; !ok && name != "" {
		return nil, usage("there is no sync %q in the configuration; it has: %s", name, listed(cfg.Syncs))
	}
	return e.openWith(ctx, cfg)
}

// listed names the keys of a section of the configuration.
func listed[V any](section map[string]V) string {
	if len(section) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(section)), ", ")
}

// optional is the only argument of a command that can do without it.
func optional(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// knownRun reads a run that a person named and makes sure that its sync is still configured.
func knownRun(ctx context.Context, a *app.App, id int64) (state.Run, error) {
	run, err := a.Store.Run(ctx, id)
	if errors.Is(err, state.ErrNotFound) {
		return run, usage("there is no run %d; see `whmcsync runs`", id)
	}
	if _, ok := a.Config.Syncs[run.Sync]; err == nil && !ok {
		return run, usage("run %d belongs to the sync %q, which is not in the configuration (any more)", id, run.Sync)
	}
	return run, err
}

// oneOf makes sure that a flag has one of the values it can have, or none.
func oneOf[T ~string](flag string, value T, allowed []T) error {
	if value == "" || slices.Contains(allowed, value) {
		return nil
	}
	words := make([]string, len(allowed))
	for i, one := range allowed {
		words[i] = string(one)
	}
	return usage("%s: %q is none of %s", flag, value, strings.Join(words, ", "))
}

// completeSyncs offers the names of syncs to the shell.
func completeSyncs(e *env) cobra.CompletionFunc {
	return completeNames(e, func(cfg config.Config) []string { return slices.Sorted(maps.Keys(cfg.Syncs)) })
}

// completePausable offers the names of syncs and accounts to the shell.
func completePausable(e *env) cobra.CompletionFunc {
	return completeNames(e, func(cfg config.Config) []string {
		return slices.Concat(slices.Sorted(maps.Keys(cfg.Syncs)), slices.Sorted(maps.Keys(cfg.Accounts)))
	})
}

func completeNames(e *env, names func(config.Config) []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		cfg, err := e.load()
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(cfg), cobra.ShellCompDirectiveNoFileComp
	}
}
