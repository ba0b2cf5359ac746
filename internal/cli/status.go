package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
)

func newStatus(e *env) *cobra.Command {
	var transfers bool
	cmd := &cobra.Command{
		Use:   "status [NAME]",
		Short: "Show where every sync stands, or one",
		Long: `Show where every sync stands, or one: how far its pass is, the last and the next run, changes of the last 24 hours, open
failures, what is held, transfers under way, the queue, and the use of the account's rate. It works without Redis too, and
says so. The exit code is 0 whatever it shows. --transfers lists the transfers in that are under way one by one, the oldest
first: since when each was seen pending, and what the registrar says.`,
		Example:           "  whmcsync status\n  whmcsync status newsletter --json\n  whmcsync status op-transfers --transfers",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeSyncs(e),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return e.status(cmd.Context(), optional(args), transfers)
	}
	cmd.Flags().BoolVar(&transfers, "transfers", false, "list the transfers that are under way")
	return cmd
}

func (e *env) status(ctx context.Context, name string, transfers bool) error {
	a, err := e.openSync(ctx, name)
	if err != nil {
		return err
	}
	defer a.Close()
	queued := e.joinQueue(ctx, a)
	status, err := a.Status(ctx, transfers)
	if err != nil {
		return err
	}
	status.Syncs = slices.DeleteFunc(status.Syncs, func(s server.SyncStatus) bool { return name != "" && s.Name != name })
	if e.json {
		status.Syncs = append([]server.SyncStatus{}, status.Syncs...) // never null
		return e.printJSON(status)
	}
	fmt.Fprintln(e.out, crew(status, queued))
	for _, sync := range status.Syncs {
		e.printStatus(sync, queued, time.Now())
	}
	if len(status.Syncs) == 0 {
		fmt.Fprintln(e.out, "no sync is configured")
	}
	return nil
}

// joinQueue opens the queue where there is one, and says so when there is none to be seen.
func (e *env) joinQueue(ctx context.Context, a *app.App) bool {
	if a.HostsQueue() {
		return false
	}
	if err := a.OpenQueue(ctx); err != nil {
		fmt.Fprintf(e.err, "whmcsync: the queue cannot be seen: %v\n", err)
		return false
	}
	return true
}

// crew says who is at work.
func crew(status server.Status, queued bool) string {
	lead := "no scheduler is alive (start `whmcsync run`)"
	if status.Leader != "" {
		lead = "scheduler " + status.Leader + " leads"
	}
	if !queued {
		return lead + ", workers and queue are not known without Redis"
	}
	return fmt.Sprintf("%s, %s alive", lead, counted(status.Workers, "worker"))
}

func (e *env) printStatus(s server.SyncStatus, queued bool, now time.Time) {
	t := newTable(e.out)
	titled(t, "%s: %s", s.Name, s.State)
	t.AppendRow(table.Row{"syncs", fmt.Sprintf("%s from %s to %s%s", s.Type, s.Source, s.Account, modeWords(s.Mode))})
	for _, row := range slices.Concat(pauseRows(s, now), runRows(s, now), resultRows(s)) {
		t.AppendRow(row)
	}
	if queued {
		t.AppendRow(table.Row{"queue", queueWords(s.Queue)})
		t.AppendRow(table.Row{"rate", rateWords(s.Rate, now)})
	}
	t.Render()
	if s.Transfers != nil {
		e.printTransfers(s.Transfers.Domains)
	}
}

func (e *env) printTransfers(all []server.Transfer) {
	if len(all) == 0 {
		return
	}
	t := newTable(e.out, "record", "name", "under way", "since", "the registrar says")
	t.SetColumnConfigs(append(rightAligned(1),
		table.ColumnConfig{Number: 2, WidthMax: valueWidth, WidthMaxEnforcer: text.WrapText},
		table.ColumnConfig{Number: 5, WidthMax: detailWidth, WidthMaxEnforcer: text.WrapSoft}))
	for _, one := range all {
		t.AppendRow(table.Row{one.RecordID, shown(one.Name), server.DaysWords(one.Days), stamp(one.Since), orNone(shown(one.Says), "-")})
	}
	t.Render()
}

func modeWords(mode string) string {
	if mode == "notify" {
		return ", in notify mode: nothing is written"
	}
	return ""
}

func pauseRows(s server.SyncStatus, now time.Time) []table.Row {
	var rows []table.Row
	add := func(name string, pause *server.Pause) {
		if pause != nil {
			rows = append(rows, table.Row{"paused", fmt.Sprintf("%s, %s: %s (`whmcsync resume %s`)", name, relative(pause.Since, now), shown(pause.Reason), name)})
		}
	}
	add(s.Name, s.Pause)
	add(s.Account, s.AccountOff)
	return rows
}

func runRows(s server.SyncStatus, now time.Time) []table.Row {
	rows := []table.Row{{"offset", offsetWords(s)}}
	if s.Current != nil {
		rows = append(rows, table.Row{"running", fmt.Sprintf("run %d since %s, %s: %s of %s records%s", s.Current.ID, stamp(s.Current.Started),
			s.Current.State, grouped(s.Current.Counts[state.CountRecords]), grouped(s.Current.Total), of(s.Current.Settled, s.Current.Batches))})
	}
	last, next := "never", "only by hand"
	if s.Last != nil {
		last = fmt.Sprintf("%s (%s), run %d: %s", stamp(s.Last.Started), relative(s.Last.Started, now), s.Last.ID, endWords(*s.Last))
	}
	if !s.NextRunAt.IsZero() {
		next = fmt.Sprintf("%s (%s)", stamp(s.NextRunAt), relative(s.NextRunAt, now))
	}
	rows = append(rows, table.Row{"last run", last}, table.Row{"next run", next})
	if s.Freshness != nil {
		rows = append(rows, table.Row{"freshness", freshnessWords(*s.Freshness)})
	}
	return rows
}

func freshnessWords(f server.Freshness) string {
	words := "keeps the promise"
	if !f.Kept {
		words = "does NOT keep the promise"
	}
	seconds := func(n float64) string { return server.Span(time.Duration(n * float64(time.Second))) }
	return fmt.Sprintf("%s: %s between two looks, %s promised", words, seconds(f.ExpectedSeconds), seconds(f.PromiseSeconds))
}

func of(settled, batches int) string {
	if batches == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of %d batches", settled, batches)
}

func offsetWords(s server.SyncStatus) string {
	records := counted(s.Total, "record")
	switch {
	case s.Offset == 0 && s.Current != nil && !s.Current.Notify:
		return "0, the first batch is not settled yet; " + records
	case s.Offset == 0:
		return "0, between passes; " + records
	}
	return fmt.Sprintf("id %d; %s", s.Offset, records)
}

// endWords tells how a run ended.
func endWords(run server.Run) string {
	text := fmt.Sprintf("%s in %s", run.State, run.Finished.Sub(run.Started).Round(10*time.Millisecond))
	if run.Notify {
		text += " (dry run)"
	}
	if run.Error != "" {
		text += ", " + run.Error
	}
	if changed := changedBy(run); changed > 0 {
		text += fmt.Sprintf(", %s changed", grouped(changed))
	}
	if failed := run.Counts[state.CountFailed]; failed > 0 {
		text += fmt.Sprintf(", %s failed", grouped(failed))
	}
	return text
}

func resultRows(s server.SyncStatus) []table.Row {
	rows := []table.Row{
		{"changes", orNone(byName(s.Changes), "none in the last 24 hours")},
		{"failures", orNone(byName(s.Failures), "none")},
	}
	if s.Transfers != nil {
		rows = append(rows, table.Row{"transfers", s.Transfers.Words()})
	}
	for _, held := range s.Held {
		what := held.Reason
		if held.Changes > 0 {
			what = fmt.Sprintf("%s: %s", counted(held.Changes, "change"), held.Reason)
		}
		rows = append(rows, table.Row{"held", fmt.Sprintf("run %d, %s\n`whmcsync approve %d` or `whmcsync reject %d`", held.RunID, what, held.RunID, held.RunID)})
	}
	if untold := s.UntoldWords(); len(untold) > 0 {
		rows = append(rows, table.Row{"not told", strings.Join(untold, "\n")})
	}
	return rows
}

// byName lists numbers by their name, zeros left out.
func byName(counts map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if counts[name] != 0 {
			parts = append(parts, grouped(counts[name])+" "+strings.ReplaceAll(name, "_", " "))
		}
	}
	return strings.Join(parts, ", ")
}

func orNone(text, none string) string {
	if text == "" {
		return none
	}
	return text
}

func queueWords(q server.QueueDepth) string {
	text := byName(map[string]int{"pending": q.Pending, "active": q.Active, "scheduled": q.Scheduled, "retry": q.Retry, "archived": q.Archived})
	if q.LatencySeconds >= 1 {
		text += fmt.Sprintf(", the oldest waits for %.0f s", q.LatencySeconds)
	}
	return orNone(text, "empty")
}

func rateWords(r server.RateUse, now time.Time) string {
	text := "any number of calls a second"
	if r.LimitPerSecond > 0 {
		text = fmt.Sprintf("%.3g of %.3g calls a second", r.UsedPerSecond, r.LimitPerSecond)
	}
	if r.InFlightLimit > 0 {
		text += fmt.Sprintf(", %d of %d at once", r.InFlight, r.InFlightLimit)
	}
	if r.BlockedUntil.After(now) {
		text += fmt.Sprintf("; the account asked us to wait until %s (%s)", stamp(r.BlockedUntil), relative(r.BlockedUntil, now))
	}
	return text
}
