package cli

import "github.com/spf13/cobra"

// group is what the help shows together.
type group struct {
	title    string
	commands []*cobra.Command
}

const otherCommands = "Other"

// commands are all commands, in the order in which people come to need them.
func commands(e *env) []group {
	return []group{
		{"Run", []*cobra.Command{newRun(e), newScheduler(e), newWorker(e), newServer(e), newMigrate(e)}},
		{"Prove and sync", []*cobra.Command{newCheck(e), newPlan(e), newSync(e)}},
		{"Look", []*cobra.Command{newStatus(e), newRuns(e), newChanges(e), newFailures(e)}},
		{"Decide and mend", []*cobra.Command{
			newRetry(e), newApprove(e), newReject(e), newRevert(e), newPause(e), newResume(e),
		}},
		{"Try and measure", []*cobra.Command{newDemo(e), newSimulate(e), newBench(e)}},
		{otherCommands, []*cobra.Command{newCompletion(e), newVersion(e)}},
	}
}
