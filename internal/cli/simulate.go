package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
)

func newSimulate(e *env) *cobra.Command {
	var o app.SimulatorOptions
	cmd := &cobra.Command{
		Use:   "simulate [TYPE]",
		Short: "Run the simulator of a vendor, to try whmcsync without an account",
		Long: `Run a server that speaks a vendor's API strictly, on loopback. TYPE is the type of an account, mailrelay when left out. Its
state, calls and faults are under /_sim/ (see docs/simulator.md).`,
		Example: "  whmcsync simulate --listen 127.0.0.1:8025 --latency 50ms --rate 4\n  whmcsync simulate openprovider --listen 127.0.0.1:8026",
		Args:    cobra.MaximumNArgs(1), ValidArgs: app.Simulators(),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		kind := "mailrelay"
		if len(args) > 0 {
			kind = args[0]
		}
		if !slices.Contains(app.Simulators(), kind) {
			return usage("there is no simulator of %q: write one of %s", kind, strings.Join(app.Simulators(), ", "))
		}
		sim, settings, err := app.StartSimulator(kind, o)
		if err != nil {
			return fmt.Errorf("%w: name another place with --listen, e.g. 127.0.0.1:0 for any free port", err)
		}
		if err := e.sayHow(kind, settings, sim.AdminURL()); err != nil {
			return err
		}
		<-cmd.Context().Done()
		return sim.Close()
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Listen, "listen", "127.0.0.1:8025", "host:port, loopback")
	flags.StringVar(&o.APIKey, "api-key", "simulated-key", "the key (or password) it accepts")
	flags.DurationVar(&o.Latency, "latency", 0, "added to each call, e.g. 50ms")
	flags.Float64Var(&o.RatePerSecond, "rate", 0, "calls a second before it answers 429 (0 = any number)")
	flags.IntVar(&o.PageCap, "page-cap", 0, "largest page it gives, whatever is asked for (0 = the vendor's own)")
	return cmd
}

// sayHow tells the settings of an account that reaches the simulator.
func (e *env) sayHow(kind string, settings map[string]string, control string) error {
	if e.json {
		shown := maps.Clone(settings)
		shown["type"], shown["control"] = kind, control
		return e.printJSON(shown)
	}
	fmt.Fprintf(e.out, "Simulator of %s\n", kind)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(e.out, "  %-10s %s\n", name+":", settings[name])
	}
	fmt.Fprintf(e.out, "  %-10s %s\nEnd with Ctrl-C.\n", "control:", control)
	return nil
}
