package cli

import (
	"context"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
)

var classes = []fault.Class{
	fault.Transient, fault.RateLimited, fault.Auth, fault.NotFound, fault.Rejected, fault.Protocol, fault.Refused, fault.Held,
}

const classHelp = "transient, rate_limited, auth, not_found, rejected, protocol, refused or held"

func newFailures(e *env) *cobra.Command {
	var f state.FailureFilter
	var p paging
	cmd := &cobra.Command{
		Use:   "failures [NAME]",
		Short: "List the clients and domains that could not be settled, and why",
		Long: `List the open failures of all syncs or of one, newest first. A failure goes away by itself once its record is settled;
` + "`whmcsync retry`" + ` tries again now.`,
		Example:           "  whmcsync failures\n  whmcsync failures op-domains --class not_found\n  whmcsync failures newsletter --class rejected",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeSyncs(e),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f.Sync, f.BeforeID = optional(args), p.before
		return e.failures(cmd.Context(), f, p)
	}
	cmd.Flags().StringVar(&f.Class, "class", "", "only of this class: "+classHelp)
	cmd.Flags().Var((*idFlag)(&f.RecordID), "client", "only of this record (client, or domain), by id")
	p.flags(cmd)
	return cmd
}

func (e *env) failures(ctx context.Context, f state.FailureFilter, p paging) error {
	if err := oneOf("--class", fault.Class(f.Class), classes); err != nil {
		return err
	}
	return list[state.Failure]{
		sync: f.Sync, none: "no failures", table: e.printFailures,
		read: func(a *app.App, limit int) ([]state.Failure, error) {
			f.Limit = limit
			return a.Store.Failures(ctx, f)
		},
		id: func(f state.Failure) int64 { return f.ID },
		json: func(rows []state.Failure, next int64) error {
			return printList(e, "failures", failureViews(rows), next)
		},
	}.print(ctx, e, p)
}

func failureViews(failures []state.Failure) []server.Failure {
	views := make([]server.Failure, len(failures))
	for i, f := range failures {
		views[i] = app.FailureView(f)
	}
	return views
}

func (e *env) printFailures(failures []state.Failure) {
	t := newTable(e.out, "failure", "sync", "record", "address or name", "class", "reason", "attempts", "last", "next try")
	t.SetColumnConfigs(append(rightAligned(1, 3, 7),
		table.ColumnConfig{Number: 4, WidthMax: valueWidth, WidthMaxEnforcer: text.WrapText},
		table.ColumnConfig{Number: 6, WidthMax: detailWidth, WidthMaxEnforcer: text.WrapSoft}))
	for _, f := range failures {
		t.AppendRow(table.Row{f.ID, f.Sync, f.RecordID, shown(f.Key), f.Class, f.Message, f.Attempts, stamp(f.LastAt), nextTry(f, time.Now())})
	}
	t.Render()
}

// lasting are the classes that nothing but a change of the record or a person mends.
var lasting = map[fault.Class]bool{fault.Rejected: true, fault.Refused: true}

// nextTry says when a failure is tried again by itself.
func nextTry(f state.Failure, now time.Time) string {
	switch {
	case f.NextAt.IsZero() && lasting[fault.Class(f.Class)]:
		return "when the record changes"
	case f.NextAt.IsZero():
		return "with the next run"
	case !f.NextAt.After(now):
		return "now"
	default:
		return relative(f.NextAt, now)
	}
}
