package cli

import (
	"context"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/demo"
	"github.com/whmcsync/whmcsync/internal/obs"
	"github.com/whmcsync/whmcsync/internal/server"
)

func newDemo(e *env) *cobra.Command {
	o := demo.Options{Version: Version(), Table: e.printPasses}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work: sync 10,000 varied clients twice, with all it needs started here",
		Long: `Start a WHMCS-like MariaDB with varied clients, the simulator of Mailrelay and two workers on this machine, sync twice, and show
what happened. A worker is killed on the way. Everything is below one folder and is stopped at the end.`,
		Example: "  whmcsync demo\n  whmcsync demo --clients 2000 --exit",
		Args:    cobra.NoArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if o.Program, err = os.Executable(); err != nil {
			return err
		}
		level := e.logLevel
		if level == "" {
			level = zerolog.LevelErrorValue
		}
		o.Log = obs.Logger(config.Log{Level: level}, e.err)
		o.Follow, o.Say = e.watch, e.out
		if e.json {
			o.Say = e.err
		}
		return demo.Run(cmd.Context(), o)
	}
	cmd.Flags().BoolVar(&o.Exit, "exit", false, "end after the second pass")
	cmd.Flags().IntVar(&o.Clients, "clients", 10_000, "how many clients")
	cmd.Flags().StringVar(&o.Dir, "dir", ".state/demo", "folder for everything the demo writes; emptied first")
	return cmd
}

// watch shows a run's progress and returns it when it has ended.
func (e *env) watch(ctx context.Context, a *app.App, id int64) (server.Run, error) {
	bar := newProgress(e.err, false)
	defer bar.close()
	for {
		view, err := a.RunView(ctx, id)
		if err != nil {
			return view, err
		}
		bar.show(view)
		if !view.Finished.IsZero() {
			return view, nil
		}
		select {
		case <-ctx.Done():
			return view, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// printPasses puts two runs side by side.
func (e *env) printPasses(title string, first, second server.Run) error {
	if e.json {
		return e.printJSON(map[string]server.Run{"first": first, "second": second})
	}
	t := newTable(e.out, "", "first pass", "second pass")
	titled(t, "%s", title)
	t.SetColumnConfigs(rightAligned(2, 3))
	for _, name := range countNames {
		a, b := first.Counts[name.key], second.Counts[name.key]
		if a+b != 0 && name.text != "API calls" {
			t.AppendRow([]any{name.text, a, b})
		}
	}
	t.AppendSeparator()
	t.AppendRow([]any{"API calls (counted by the list)", first.Counts["calls"], second.Counts["calls"]})
	t.AppendRow([]any{"time", took(first), took(second)})
	t.Render()
	return nil
}

func took(run server.Run) string {
	return run.Finished.Sub(run.Started).Round(100 * time.Millisecond).String()
}
