package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/demo"
	"github.com/whmcsync/whmcsync/internal/obs"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
)

func newDemo(e *env) *cobra.Command {
	o := demo.Options{Version: Version(), Show: demoShow{e}}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work: 10,000 varied clients and 7,000 domains, with all it needs started here",
		Long: `Start a WHMCS-like MariaDB with varied clients and domains, the simulators of Mailrelay and Openprovider and two workers on
this machine, keep both in step, and show what happened: what differed, what was changed, what is held for a person, and the report by
mail. A worker is killed on the way. Everything is below one folder and is stopped at the end.`,
		Example: "  whmcsync demo\n  whmcsync demo --clients 2000 --domains 1000 --exit",
		Args:    cobra.NoArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if o.Clients < 1 || o.Domains < 1000 {
			return usage("--clients takes at least 1, --domains at least 1000")
		}
		if o.Program, err = os.Executable(); err != nil {
			return err
		}
		level := e.logLevel
		if level == "" {
			level = zerolog.LevelErrorValue
		}
		o.Log = obs.Logger(config.Log{Level: level}, e.err)
		o.Say = e.out
		if e.json {
			o.Say = e.err
		}
		return demo.Run(cmd.Context(), o)
	}
	cmd.Flags().BoolVar(&o.Exit, "exit", false, "end after the passes")
	cmd.Flags().IntVar(&o.Clients, "clients", 10_000, "how many clients")
	cmd.Flags().IntVar(&o.Domains, "domains", 7_000, "how many domains")
	cmd.Flags().StringVar(&o.Dir, "dir", ".state/demo", "folder for everything the demo writes; emptied first")
	return cmd
}

// demoShow prints what the demo shows: tables as it goes, or one JSON document at the end.
type demoShow struct{ *env }

// Follow shows a run's progress and returns it when it has ended.
func (s demoShow) Follow(ctx context.Context, a *app.App, id int64) (server.Run, error) {
	bar := newProgress(s.err, false)
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

// Clients puts the two passes side by side.
func (s demoShow) Clients(c demo.Clients) error {
	if !s.json {
		s.printPasses(fmt.Sprintf("%s clients, two passes", grouped(c.N)), "API calls (counted by the list)",
			[]string{"first pass", "second pass"}, c.First, c.Second)
		fmt.Fprintln(s.out)
	}
	return nil
}

// Domains prints what differed and what became of it, the runs, what is held and what was mailed.
func (s demoShow) Domains(d demo.Domains) error {
	if s.json {
		return nil
	}
	t := newTable(s.out, "", "differ", "written", "held", "left alone", "by transfers", "second pass")
	titled(t, "%s domains at Openprovider, what differed and what became of it", grouped(d.N))
	t.SetColumnConfigs(rightAligned(2, 3, 4, 5, 6, 7))
	for _, f := range d.Fields {
		t.AppendRow([]any{f.Name, f.Planned, f.Applied, f.Held, f.Noticed, f.Transfers, f.Second})
	}
	t.Render()
	s.printPasses("The runs", "API calls (counted by the registrar)", []string{"plan", "first pass", "transfers", "second pass"},
		d.Plan, d.First, d.Transfers, d.Second)
	s.printHeld(d)
	for _, letter := range d.Letters {
		fmt.Fprintf(s.out, "Mailed to %s: %q, see %s\n", letter.To, letter.Subject, letter.File)
	}
	return nil
}

// printHeld shows some of what waits for a person, and how to decide.
func (s demoShow) printHeld(d demo.Domains) {
	fmt.Fprintf(s.out, "\n%s wait for a person: more domains would get worse, or their dates leap, than the guard lets pass at once. The newest:\n",
		counted(d.Second.Held, "change"))
	s.printChanges(d.Held)
	fmt.Fprintf(s.out, "To decide: whmcsync approve %d, or reject %d\n\n", d.Second.ID, d.Second.ID)
}

// Sum prints all that was shown as one document.
func (s demoShow) Sum(c demo.Clients, d demo.Domains) error {
	if !s.json {
		return nil
	}
	return s.printJSON(map[string]any{
		"clients": map[string]server.Run{"first": c.First, "second": c.Second},
		"domains": map[string]any{
			"plan": d.Plan, "first": d.First, "transfers": d.Transfers, "second": d.Second, "fields": d.Fields,
			"held": changeViews(d.Held), "mails": d.Letters,
		},
	})
}

// printPasses puts runs side by side.
func (s demoShow) printPasses(title, calls string, names []string, runs ...server.Run) {
	header, columns := []any{""}, []int{}
	for i, name := range names {
		header, columns = append(header, name), append(columns, i+2)
	}
	t := newTable(s.out, header...)
	titled(t, "%s", title)
	t.SetColumnConfigs(rightAligned(columns...))
	row := func(text string, of func(server.Run) any) {
		cells := []any{text}
		for _, run := range runs {
			cells = append(cells, of(run))
		}
		t.AppendRow(cells)
	}
	for _, name := range server.ResultNames {
		met := false
		for _, run := range runs {
			met = met || run.Counts[name.Name] != 0
		}
		if met && name.Name != state.CountCalls {
			row(name.Text, func(run server.Run) any { return run.Counts[name.Name] })
		}
	}
	t.AppendSeparator()
	row(calls, func(run server.Run) any { return demo.Calls(run) })
	row("time", func(run server.Run) any { return took(run) })
	t.Render()
}

func took(run server.Run) string {
	return run.Finished.Sub(run.Started).Round(100 * time.Millisecond).String()
}
