package cli

import "github.com/spf13/cobra"

// commands are all commands, in the order of their life: run, prove, use, inspect, mend, try.
func commands(e *env) []*cobra.Command {
	return []*cobra.Command{
		newRun(e), newScheduler(e), newWorker(e), newServer(e), newMigrate(e),
		newSync(e), newPlan(e),
		newDemo(e), newSimulate(e), newBench(e),
		newVersion(e),
	}
}
