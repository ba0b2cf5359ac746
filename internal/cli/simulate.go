package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
)

func newSimulate(e *env) *cobra.Command {
	var o app.SimulatorOptions
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Run the simulator of Mailrelay, to try whmcsync without an account",
		Long: `Run a server that speaks Mailrelay's API strictly, on loopback. Its state, calls and faults are under /_sim/ (see
docs/simulator.md).`,
		Example: "  whmcsync simulate --listen 127.0.0.1:8025 --latency 50ms --rate 4",
		Args:    cobra.NoArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		sim, err := app.StartSimulator(o)
		if err != nil {
			return err
		}
		if e.json {
			if err := e.printJSON(map[string]string{"base_url": sim.URL(), "api_key": o.APIKey, "control": sim.AdminURL()}); err != nil {
				return err
			}
		} else {
			fmt.Fprintf(e.out, "Mailrelay simulator\n  base_url: %s\n  api_key:  %s\n  control:  %s\nEnd with Ctrl-C.\n", sim.URL(), o.APIKey, sim.AdminURL())
		}
		<-cmd.Context().Done()
		return sim.Close()
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Listen, "listen", "127.0.0.1:8025", "host:port, loopback")
	flags.StringVar(&o.APIKey, "api-key", "simulated-key", "the key it accepts")
	flags.DurationVar(&o.Latency, "latency", 0, "added to each call, e.g. 50ms")
	flags.Float64Var(&o.RatePerSecond, "rate", 0, "calls a second before it answers 429 (0 = any number)")
	flags.IntVar(&o.PageCap, "page-cap", 1000, "largest page it gives, whatever is asked for")
	return cmd
}
