package e2e

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/testkit"
)

// listening finds the address in what a server logs when it is up.
var listening = regexp.MustCompile(`"listen":"([^"]+)"`)

func address(t *testing.T, server *process) string {
	t.Helper()
	found := listening.FindStringSubmatch(server.log.String())
	if found == nil {
		t.Fatalf("the server does not say where it listens:\n%s", server.tail())
	}
	return found[1]
}

// clientEdit is the body of a hook about clients; nonce makes each call another one.
func clientEdit(nonce string, ids ...int64) string {
	list := strings.Trim(marks(ids), "()")
	return fmt.Sprintf(`{"v":1,"event":"ClientEdit","clients":[%s],"nonce":%q}`, list, nonce)
}

// hook tells the server something as the hook file in WHMCS does.
func hook(t *testing.T, server, text string) {
	t.Helper()
	body := []byte(text)
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(hookSecret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+server+"/hooks/whmcs/main", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Whmcsync-Timestamp", timestamp)
	request.Header.Set("X-Whmcsync-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		t.Fatalf("the hook was answered with %s", answer.Status)
	}
}

// named waits until the list has the last name of a client and returns how long that took.
func (w *world) named(email, name string) time.Duration {
	w.t.Helper()
	began := time.Now()
	testkit.Eventually(w.t, patience, func() (bool, string) {
		p, _ := w.list.Person(email)
		return p.Attributes["name"] == name, fmt.Sprintf("%s is %q on the list, not %q", email, p.Attributes["name"], name)
	})
	return time.Since(began)
}

func TestHookReachesTheListWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	w := inStep(t, shape{clients: 600})
	server := address(t, w.start("server"))
	emails := map[int64]string{}
	for email, id := range w.reached() {
		emails[id] = email
	}
	var took []time.Duration
	for i, id := range w.some(50) {
		name := fmt.Sprintf("Hooked %d", i)
		w.exec(`UPDATE tblclients SET firstname = 'Hooked', lastname = ? WHERE id = ?`, strconv.Itoa(i), id)
		hook(t, server, clientEdit(strconv.Itoa(i), id))
		took = append(took, w.named(w.spelling(emails[id]), name))
	}
	slices.Sort(took)
	t.Logf("median %s, slowest of 50 %s", took[25].Round(time.Millisecond), took[49].Round(time.Millisecond))
	if took[49] > 2*time.Second {
		t.Errorf("a hook took %s to reach the list", took[49])
	}
	if n := w.writes(); n != 50 {
		t.Errorf("%d writes for 50 hooks", n)
	}
}

// spelling is how the list spells an address.
func (w *world) spelling(address string) string {
	for _, p := range w.list.State().Subscribers {
		if addressOf(p.Email) == address {
			return p.Email
		}
	}
	return address
}

func TestBurstOfHooksCoalesces(t *testing.T) {
	t.Parallel()
	w := inStep(t, shape{clients: 600})
	server := address(t, w.start("server"))
	ids := w.some(20)
	w.exec(`UPDATE tblclients SET lastname = 'Burst' WHERE id IN ` + marks(ids))
	want := w.expect()
	const calls = 200
	for i := range calls {
		hook(t, server, clientEdit(strconv.Itoa(i), ids...))
	}
	testkit.Eventually(t, patience, func() (bool, string) {
		diff := difference(want, w.list.State().Subscribers)
		open := w.count(`SELECT (SELECT count(*) FROM touches) + (SELECT count(*) FROM runs WHERE NOT ended)`)
		return diff == "" && open == 0, diff
	})
	w.listed(want)
	if n := w.count(`SELECT count(*) FROM runs WHERE kind = 'touch'`); n > calls/4 {
		t.Errorf("%d calls made %d runs", calls, n)
	}
	if n := w.writes(); n != int64(len(ids)) {
		t.Errorf("%d writes for %d clients", n, len(ids))
	}
}
