package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// shortLivedHost starts a command that hosts the embedded servers. The list gives no answer, so that it lasts until killed.
func (w *world) shortLivedHost() *process {
	w.t.Helper()
	w.config = w.embedded()
	w.faults(sim.Fault{Kind: sim.KindNothing})
	host := launch(w.t, program, nil, "sync", newsletter, "--local", "--config", w.config)
	testkit.Eventually(w.t, patience, func() (bool, string) {
		_, err := os.Stat(filepath.Join(w.dir, "state", "redis.url"))
		return err == nil, "the command does not host yet"
	})
	return host
}

func TestRunHostsOnceTheCommandThatHostedHasEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{clients: 100})
	host := w.shortLivedHost()
	all := w.start("run")
	w.faults()
	host.kill()
	all.says("starting again, to host it here", patience)
	testkit.Eventually(t, patience, func() (bool, string) {
		return strings.Count(all.log.String(), `"started"`) == 2, "it has not started again"
	})
	w.openState(w.embeddedPostgres())
	want := w.expect()
	testkit.Eventually(t, patience, func() (bool, string) {
		waiting, err := w.store.OpenRequests(t.Context(), newsletter)
		return err == nil && len(waiting) == 0, fmt.Sprintf("what the host asked for is not taken (%v)", err)
	})
	runs, err := w.store.OpenRuns(t.Context(), newsletter)
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) > 0 { // the host's, which it did not end
		w.await(runs[0].ID, patience)
	}
	w.settled(w.await(w.ask(false), patience), want)
}

func TestAWorkerEndsWithItsHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{clients: 100})
	host := w.shortLivedHost()
	worker := w.start("worker")
	host.kill()
	worker.ends(1, patience)
	if !strings.Contains(worker.tail(), "the whmcsync process that hosted it has ended: let `whmcsync run` host") {
		t.Errorf("it said:\n%s", worker.tail())
	}
}
