package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/config"
)

func newRun(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run all roles in this process: scheduler, worker and server",
		Long: `Run scheduler, worker and server in this process until SIGINT or SIGTERM; the schema is brought up to date first. Batches in
hand end or are given back within 25 seconds.`,
		Example: "  whmcsync run\n  whmcsync run --config /etc/whmcsync/whmcsync.yaml",
		Args:    cobra.NoArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return e.serve(cmd, app.Roles{Scheduler: true, Worker: true, Server: true}, true)
	}
	return cmd
}

func newScheduler(e *env) *cobra.Command {
	var health string
	cmd := &cobra.Command{
		Use:   "scheduler",
		Short: "Decide what runs when; of several schedulers one leads and the others stand by",
		Long: `Start runs when they are due or asked for, cut them into batches, and give batches of lost workers to others. Of several
schedulers one leads; another takes over within 15 seconds.`,
		Example: "  whmcsync scheduler --health-listen :8081",
		Args:    cobra.NoArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return e.serve(cmd, app.Roles{Scheduler: true, Health: health}, false)
	}
	healthFlag(cmd, &health)
	return cmd
}

func newWorker(e *env) *cobra.Command {
	var health string
	var accounts []string
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Execute batches; start as many as you like",
		Long: `Execute batches of all accounts, or of some. All workers together keep to each account's rate. On SIGTERM the record in hand
ends and the batch is given to another worker.`,
		Example: "  whmcsync worker --health-listen :8081\n  whmcsync worker --accounts news,archive",
		Args:    cobra.NoArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return e.serve(cmd, app.Roles{Worker: true, Accounts: accounts, Health: health}, false)
	}
	cmd.Flags().StringSliceVar(&accounts, "accounts", nil, "serve only these accounts (default: all)")
	healthFlag(cmd, &health)
	return cmd
}

func newServer(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "server",
		Short: "Answer HTTP: health, metrics, hooks, cron keys and pages",
		Long: `Answer HTTP at http.listen: health, metrics, hooks of WHMCS, cron keys, the API, and the pages for people. Start as many as
you like.`,
		Example: "  whmcsync server",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.serve(cmd, app.Roles{Server: true}, false)
		},
	}
}

func healthFlag(cmd *cobra.Command, health *string) {
	cmd.Flags().StringVar(health, "health-listen", "", "host:port for /healthz, /readyz and /metrics of this process (default: none)")
}

// serve runs roles until a signal comes. An all-in-one install brings the schema up to date first, and when the process
// whose embedded servers it has joined ends, it hosts them itself; all others end with it.
func (e *env) serve(cmd *cobra.Command, roles app.Roles, allInOne bool) error {
	cfg, err := e.load()
	if err != nil {
		return err
	}
	if err := checkRoles(cfg, roles); err != nil {
		return err
	}
	collectLess()
	log := e.logger(cfg)
	for _, warning := range config.Warnings(cfg) {
		log.Warn().Msg(warning)
	}
	opts := app.Options{Version: Version(), Log: log, Migrate: allInOne}
	for {
		err := serveOnce(cmd.Context(), cfg, opts, roles)
		switch {
		case !errors.Is(err, app.ErrHostGone):
			return err
		case !allInOne:
			return fmt.Errorf("%w: let `whmcsync run` host, and start this after it", err)
		}
		log.Warn().Err(err).Msg("starting again, to host it here")
	}
}

// serveOnce runs roles until a signal comes or one of them fails.
func serveOnce(ctx context.Context, cfg config.Config, opts app.Options, roles app.Roles) error {
	a, err := app.OpenPatiently(ctx, cfg, opts)
	if err != nil {
		return err
	}
	defer a.Close()
	roles.Ready = func(addr string) {
		opts.Log.Info().Str("version", opts.Version).Bool("scheduler", roles.Scheduler).Bool("worker", roles.Worker).
			Bool("server", roles.Server).Str("listen", addr).Msg("started")
	}
	defer opts.Log.Info().Msg("stopped")
	return a.Run(ctx, roles)
}

// collectLess trades memory, of which a role needs little, for the time that collecting garbage takes. GOGC overrides it.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300)
	}
}
