package cli

import (
	"context"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
)

func newRuns(e *env) *cobra.Command {
	var all bool
	var p paging
	cmd := &cobra.Command{
		Use:   "runs [NAME]",
		Short: "List runs, newest first",
		Long: `List the runs of all syncs or of one, newest first: the passes, or with --all also the small runs that hooks, polls,
retries, approvals and reverts made.`,
		Example:           "  whmcsync runs\n  whmcsync runs newsletter --all --limit 10",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeSyncs(e),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return e.runs(cmd.Context(), optional(args), all, p) }
	cmd.Flags().BoolVar(&all, "all", false, "also runs that are no passes")
	p.flags(cmd)
	return cmd
}

func (e *env) runs(ctx context.Context, name string, all bool, p paging) error {
	f := state.RunFilter{Sync: name, Kind: state.RunPass, BeforeID: p.before}
	if all {
		f.Kind = ""
	}
	return list[server.Run]{
		sync: name, none: "no runs yet", table: e.printRuns,
		read: func(a *app.App, limit int) ([]server.Run, error) {
			f.Limit = limit
			return a.RunViews(ctx, f)
		},
		id:   func(r server.Run) int64 { return r.ID },
		json: func(rows []server.Run, next int64) error { return printList(e, "runs", rows, next) },
	}.print(ctx, e, p)
}

func (e *env) printRuns(runs []server.Run) {
	t := newTable(e.out, "run", "sync", "kind", "by", "state", "started", "took", "records", "changed", "failed", "held", "why")
	columns := rightAligned(1, 7, 8, 9, 10, 11)
	t.SetColumnConfigs(append(columns, table.ColumnConfig{Number: 12, WidthMax: detailWidth, WidthMaxEnforcer: text.WrapSoft}))
	for _, r := range runs {
		t.AppendRow(table.Row{
			r.ID, r.Sync, kindWords(r), r.Trigger, r.State, stamp(r.Started), lasted(r, time.Now()),
			grouped(r.Counts[state.CountRecords]), grouped(changedBy(r)), grouped(r.Counts[state.CountFailed]), grouped(r.Held), r.Error,
		})
	}
	t.Render()
}

func kindWords(r server.Run) string {
	if r.Notify {
		return r.Kind + " (dry)"
	}
	return r.Kind
}

// lasted is how long a run took, or has taken so far.
func lasted(r server.Run, now time.Time) string {
	if r.Finished.IsZero() {
		return now.Sub(r.Started).Round(time.Second).String()
	}
	return took(r)
}
