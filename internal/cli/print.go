package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
)

// newTable is how every table of the program looks.
func newTable(out io.Writer, header ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.SetStyle(table.StyleLight)
	t.Style().Options.SeparateRows = false
	t.Style().Format.Header = 0
	if len(header) > 0 {
		t.AppendHeader(header)
	}
	return t
}

// titled puts a title above a table that may be narrower than its title.
func titled(t table.Writer, format string, args ...any) {
	title := fmt.Sprintf(format, args...)
	t.SetTitle("%s", title)
	t.Style().Size.WidthMin = text.StringWidthWithoutEscSequences(title) + 4 // a border and a blank on either side
}

func rightAligned(columns ...int) []table.ColumnConfig {
	configs := make([]table.ColumnConfig, len(columns))
	for i, n := range columns {
		configs[i] = table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight}
	}
	return configs
}

func (e *env) printRun(run server.Run) error {
	if e.json {
		return e.printJSON(run)
	}
	t := newTable(e.out)
	titled(t, "%s, run %d: %s in %s", run.Sync, run.ID, run.State, run.Finished.Sub(run.Started).Round(10*time.Millisecond))
	for _, result := range server.Results(run.Counts) {
		t.AppendRow([]any{result.Text, result.Count})
	}
	if run.Held > 0 {
		t.AppendRow([]any{"changes that wait for a person", run.Held})
	}
	t.Render()
	return nil
}

// planPage is how many changes are read at once.
const planPage = 1000

// printPlan prints every difference that a run which only notes has met, those that stood before too, then the totals.
func (e *env) printPlan(ctx context.Context, a *app.App, run server.Run) error {
	changes, err := allChanges(ctx, a, state.ChangeFilter{SeenIn: run.ID})
	if err != nil {
		return err
	}
	if e.json {
		return e.printJSON(map[string]any{"run": run, "changes": changeViews(changes)})
	}
	noun := nounOf(a, run.Sync)
	for _, c := range changes {
		fmt.Fprintf(e.out, "%s %d  %s  %s: %s -> %s%s\n", noun, c.RecordID, c.Key, c.Field, shown(c.Old), shown(c.New), because(c))
	}
	t := newTable(e.out)
	titled(t, "%s would change %s (nothing was touched)", run.Sync, counted(len(changes), "field"))
	for _, result := range server.Results(run.Counts) {
		t.AppendRow([]any{result.Text, result.Count})
	}
	t.Render()
	return nil
}

// allChanges reads every change chosen, oldest first.
func allChanges(ctx context.Context, a *app.App, filter state.ChangeFilter) ([]state.Change, error) {
	var all []state.Change
	filter.Limit = planPage
	for {
		page, err := a.Store.Changes(ctx, filter)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < planPage {
			slices.Reverse(all)
			return all, nil
		}
		filter.BeforeID = page[len(page)-1].ID
	}
}

func shown(value string) string {
	if value == "" {
		return "(none)"
	}
	return strings.TrimSpace(value)
}

func because(c state.Change) string {
	if c.Reason == "" {
		return ""
	}
	return "  (" + reasonWords(c) + ")"
}

func reasonWords(c state.Change) string { return strings.ReplaceAll(c.Reason, "_", " ") }

// changeView is a change as JSON shows it.
type changeView struct {
	ID          int64      `json:"id"`
	Sync        string     `json:"sync"`
	Run         int64      `json:"run"`
	Record      int64      `json:"record"`
	Key         string     `json:"key"`
	Field       string     `json:"field"`
	Old         string     `json:"old"`
	New         string     `json:"new"`
	Side        string     `json:"side"`
	State       string     `json:"state"`
	Destructive bool       `json:"destructive"`
	Reason      string     `json:"reason,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	SettledAt   *time.Time `json:"settled_at,omitempty"`
}

func changeViews(changes []state.Change) []changeView {
	views := make([]changeView, len(changes))
	for i, c := range changes {
		views[i] = changeView{
			ID: c.ID, Sync: c.Sync, Run: c.RunID, Record: c.RecordID, Key: c.Key, Field: c.Field, Old: c.Old, New: c.New,
			Side: string(c.Side), State: string(c.State), Destructive: c.Destructive, Reason: c.Reason, CreatedAt: c.CreatedAt,
		}
		if !c.SettledAt.IsZero() {
			views[i].SettledAt = &c.SettledAt
		}
	}
	return views
}
