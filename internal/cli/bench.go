package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/bench"
	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/obs"
)

func newBench(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure speed, memory and recovery on this machine, with all it needs started here",
		Long: `Measure speed, memory and recovery on this machine. Private servers, made-up records and the simulator of an outside
system are started for it and stopped at the end.`,
		Example: "  whmcsync bench clients\n  whmcsync bench domains",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, sub := range []*cobra.Command{newBenchClients(e), newBenchDomains(e)} {
		e.strict(sub)
		cmd.AddCommand(sub)
	}
	return cmd
}

func newBenchClients(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "clients",
		Short: "Measure the client sync against two yardsticks",
		Long: `Measure the client sync against two yardsticks of the same run: the same input and output in a plain loop, and the WHMCS
addon's way of one call for each client. docs/performance.md tells what the figures mean.`,
		Example: "  whmcsync bench clients\n  whmcsync bench clients --records 10000,100000,1000000 --json",
	}
	return e.measuring(cmd, []int{10_000, 100_000}, bench.Clients)
}

func newBenchDomains(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "domains",
		Short: "Measure the domain sync against two yardsticks",
		Long: `Measure the domain sync at a registrar that can be listed (Openprovider) against two yardsticks of the same run: the same
input and output in a plain loop, and one call for each domain, one after the other, as WHMCS's own domain sync does it.
docs/performance.md tells what the figures mean.`,
		Example: "  whmcsync bench domains\n  whmcsync bench domains --records 7000,100000,1000000 --json",
	}
	return e.measuring(cmd, []int{7_000, 100_000}, bench.Domains)
}

// measuring gives a command what all benchmarks have.
func (e *env) measuring(cmd *cobra.Command, records []int, measure func(context.Context, bench.Options) (bench.Report, error)) *cobra.Command {
	o := bench.Options{Version: Version(), Say: e.err}
	var fast bool
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if o.Program, err = os.Executable(); err != nil {
			return err
		}
		for _, records := range o.Records {
			if records < 100 {
				return usage("--records: %d is too few, 100 is the least", records)
			}
		}
		level := e.logLevel
		if level == "" {
			level = zerolog.LevelErrorValue
		}
		o.Log, o.Durable = obs.Logger(config.Log{Level: level}, e.err), !fast
		report, err := measure(cmd.Context(), o)
		if err != nil {
			return err
		}
		if e.json {
			return e.printJSON(report)
		}
		e.printBench(report)
		return nil
	}
	flags := cmd.Flags()
	flags.IntSliceVar(&o.Records, "records", records, "sizes of the table, ascending; 1000000 takes some minutes more")
	flags.StringVar(&o.Dir, "dir", ".state/bench", "folder for everything the benchmark writes; emptied first")
	flags.BoolVar(&fast, "fast", false, "the servers do not wait for the disk")
	return cmd
}

// printBench prints the table that docs/performance.md shows.
func (e *env) printBench(r bench.Report) {
	m := r.Machine
	fmt.Fprintf(e.out, "%s, %d cores, %d MB, %s\nwhmcsync %s (%s), PostgreSQL %s, MariaDB %s, Redis %s; %.0f s\n",
		m.CPU, m.Cores, m.MemoryMB, m.System, m.Program, m.Go, m.Postgres, m.MariaDB, m.Redis, r.Seconds)
	t := newTable(e.out, "what", "goal", "measured", "yardstick", "ratio", "ok?")
	t.SetColumnConfigs(rightAligned(3, 4, 5))
	for _, one := range r.Results {
		yardstick, ratio := "", ""
		if one.Yardstick != 0 {
			yardstick, ratio = one.YardstickText(), fmt.Sprintf("%.2f", one.Ratio)
		}
		t.AppendRow([]any{one.What, one.Goal, one.Text(), yardstick, ratio, verdict(one.Met)})
	}
	t.Render()
}

func verdict(met *bool) string {
	switch {
	case met == nil:
		return ""
	case *met:
		return "yes"
	default:
		return "NO"
	}
}
