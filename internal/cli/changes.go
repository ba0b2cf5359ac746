package cli

import (
	"context"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/state"
)

var changeStates = []state.ChangeState{
	state.ChangePlanned, state.ChangeApplied, state.ChangeNoticed, state.ChangeHeld, state.ChangeRejected,
	state.ChangeSuperseded, state.ChangeFailed, state.ChangeReverted,
}

func newChanges(e *env) *cobra.Command {
	var f state.ChangeFilter
	var p paging
	cmd := &cobra.Command{
		Use:   "changes [NAME]",
		Short: "List changes, newest first: what was, and what became of it",
		Long: `List changes of all syncs or of one, newest first: each is one field of one client or domain, with its old and its new
value. The id in the first column is what ` + "`whmcsync revert`" + ` takes.`,
		Example:           "  whmcsync changes newsletter --client 42\n  whmcsync changes op-domains --key example.com\n  whmcsync changes --state held\n  whmcsync changes --run 12 --limit 0 --json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeSyncs(e),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f.Sync, f.BeforeID = optional(args), p.before
		return e.changes(cmd.Context(), f, p)
	}
	cmd.Flags().Var((*idFlag)(&f.RunID), "run", "only of this run")
	cmd.Flags().Var((*idFlag)(&f.RecordID), "client", "only of this record (client, or domain), by id")
	cmd.Flags().StringVar(&f.Key, "key", "", "only of this address or domain name")
	cmd.Flags().StringVar((*string)(&f.State), "state", "", "only in this state: planned, applied, noticed, held, rejected, superseded, failed or reverted")
	p.flags(cmd)
	return cmd
}

func (e *env) changes(ctx context.Context, f state.ChangeFilter, p paging) error {
	if err := oneOf("--state", f.State, changeStates); err != nil {
		return err
	}
	return list[state.Change]{
		sync: f.Sync, none: "no such changes", table: e.printChanges,
		read: func(a *app.App, limit int) ([]state.Change, error) {
			f.Limit = limit
			return a.Store.Changes(ctx, f)
		},
		id:   func(c state.Change) int64 { return c.ID },
		json: func(rows []state.Change, next int64) error { return printList(e, "changes", changeViews(rows), next) },
	}.print(ctx, e, p)
}

// valueWidth keeps a long value from making the table wider than any screen.
const valueWidth = 40

func (e *env) printChanges(changes []state.Change) {
	t := newTable(e.out, "change", "run", "record", "address or name", "field", "old", "new", "state", "when", "why")
	columns := rightAligned(1, 2, 3)
	for _, n := range []int{4, 6, 7} {
		columns = append(columns, table.ColumnConfig{Number: n, WidthMax: valueWidth, WidthMaxEnforcer: text.WrapText})
	}
	t.SetColumnConfigs(columns)
	for _, c := range changes {
		t.AppendRow(table.Row{
			c.ID, c.RunID, c.RecordID, c.Key, fieldWords(c), shown(c.Old), shown(c.New), c.State, stamp(c.CreatedAt), reasonWords(c),
		})
	}
	t.Render()
}

// fieldWords names the field, and the side when it is WHMCS that is written.
func fieldWords(c state.Change) string {
	if c.Side == state.SideSource {
		return "WHMCS " + c.Field
	}
	return c.Field
}
