package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
)

// addSilent adds a second list that gives no answer, and a sync of the same clients with it.
func (w *world) addSilent() {
	w.t.Helper()
	list := sim.New(sim.Options{APIKey: apiKey, Groups: []sim.Group{{ID: 1, Name: "All"}}})
	if err := list.Start("127.0.0.1:0"); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { list.Close() })
	if err := list.SetFaults(sim.Fault{Kind: sim.KindNothing}); err != nil {
		w.t.Fatal(err)
	}
	text, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	account := fmt.Sprintf("\naccounts:\n  silent: {type: mailrelay, base_url: %s, api_key: %s, timeout: 60s}\n", list.URL(), apiKey)
	changed := strings.Replace(string(text), "\naccounts:\n", account, 1)
	changed = strings.Replace(changed, "\nsyncs:\n", "\nsyncs:\n  unheard: {type: clients, source: main, account: silent, groups: [1], poll: 0s}\n", 1)
	if err := os.WriteFile(w.config, []byte(changed), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// A hook is about both syncs; one of them waits a minute for each answer.
func TestASilentAccountHoldsNoHookOfAnotherUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{clients: 100})
	w.addSilent()
	w.start("scheduler")
	w.start("worker")
	server := address(t, w.start("server"))
	want := w.expect()
	w.holds(w.pass(false), want)
	emails := map[int64]string{}
	for email, id := range w.reached() {
		emails[id] = email
	}
	for i, id := range w.some(10) {
		w.exec(`UPDATE tblclients SET firstname = 'Hooked', lastname = ? WHERE id = ?`, fmt.Sprint(i), id)
		hook(t, server, clientEdit(fmt.Sprint(i), id))
		if took := w.named(w.spelling(emails[id]), fmt.Sprintf("Hooked %d", i)); took > 2*time.Second {
			t.Errorf("hook %d took %s to reach the list", i+1, took)
		}
	}
	if open := w.count(`SELECT count(*) FROM runs WHERE sync = 'unheard' AND NOT ended`); open == 0 {
		t.Error("nothing waits for the silent list, so this proves nothing")
	}
}
