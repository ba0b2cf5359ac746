package sim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/sim"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/wire"
)

const key = "k3y"

func start(t *testing.T, opt sim.Options) *sim.Server {
	t.Helper()
	opt.Username, opt.Key = "acme", key
	server := sim.New(opt)
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func message(action string, attributes map[string]string) []byte {
	m := wire.Texts(map[string]string{"protocol": "XCP", "object": "DOMAIN", "action": action})
	m.Map["attributes"] = wire.Texts(attributes)
	return wire.Encode(m)
}

// post sends a message, signed unless spoilt says how not.
func post(t *testing.T, server *sim.Server, body []byte, spoilt func(*http.Request)) (status int, answer []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Content-Type": {"text/xml"}, "X-Username": {"acme"}, "X-Signature": {wire.Sign(body, key)}}
	if spoilt != nil {
		spoilt(r)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, answer
}

func reply(t *testing.T, answer []byte) wire.Reply {
	t.Helper()
	r, err := wire.DecodeReply(answer)
	if err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	return r
}

func TestOnlyTheRightSignatureIsLetIn(t *testing.T) {
	t.Parallel()
	server := start(t, sim.Options{})
	body := message("BELONGS_TO_RSP", map[string]string{"domain": "example.com"})
	if status, answer := post(t, server, body, nil); status != http.StatusOK || !reply(t, answer).Success {
		t.Errorf("%d %s", status, answer)
	}
	for name, spoilt := range map[string]func(*http.Request){
		"no signature": func(r *http.Request) { r.Header.Del("X-Signature") },
		"another key":  func(r *http.Request) { r.Header.Set("X-Signature", wire.Sign(body, "k4y")) },
		"another name": func(r *http.Request) { r.Header.Set("X-Username", "other") },
		"another message": func(r *http.Request) {
			r.Header.Set("X-Signature", wire.Sign(append(bytes.Clone(body), ' '), key))
		},
	} {
		status, answer := post(t, server, body, spoilt)
		if r := reply(t, answer); status != http.StatusUnauthorized || r.Success || r.Code != 401 {
			t.Errorf("%s: %d %+v", name, status, r)
		}
	}
}

func TestWhatTheAPIRefuses(t *testing.T) {
	t.Parallel()
	server := start(t, sim.Options{})
	server.Hold(sim.Domain{Name: "example.com", Expiry: "2031-03-30 23:59:59"})
	for _, tc := range []struct {
		name, action string
		attributes   map[string]string
		code         int
	}{
		{"an unknown command", "DROP", nil, 430},
		{"a look-up of an unknown type", "GET", map[string]string{"domain": "example.com", "type": "everything"}, 430},
		{"a look-up of nothing", "GET", map[string]string{"type": "all_info"}, 460},
		{"a name that is not held", "GET", map[string]string{"domain": "other.com", "type": "all_info"}, 480},
		{"a list without days", "GET_DOMAINS_BY_EXPIREDATE", nil, 460},
		{"a list with an odd day", "GET_DOMAINS_BY_EXPIREDATE", map[string]string{"exp_from": "1990-01-01", "exp_to": "soon"}, 465},
		{"a page before the first", "GET_DOMAINS_BY_EXPIREDATE", map[string]string{"exp_from": "1990-01-01", "exp_to": "2045-01-01", "page": "0"}, 465},
		{"a page that is too large", "GET_TRANSFERS_IN", map[string]string{"limit": "41"}, 465},
		{"an unknown status", "GET_TRANSFERS_AWAY", map[string]string{"status": "gone"}, 465},
		{"auto-renew that lets expire", "MODIFY", map[string]string{"domain": "example.com", "data": "expire_action", "auto_renew": "1", "let_expire": "1"}, 465},
		{"an unknown state", "MODIFY", map[string]string{"domain": "example.com", "data": "whois_privacy_state", "state": "on"}, 465},
		{"a change of other names", "MODIFY", map[string]string{"domain": "example.com", "data": "whois_privacy_state", "state": "enable", "affect_domains": "1"}, 435},
	} {
		status, answer := post(t, server, message(tc.action, tc.attributes), nil)
		if r := reply(t, answer); status != http.StatusOK || r.Success || r.Code != tc.code {
			t.Errorf("%s: HTTP %d, %+v; want code %d", tc.name, status, r, tc.code)
		}
	}
	if d, _ := server.Domain("example.com"); d.Writes != 0 {
		t.Errorf("%d writes", d.Writes)
	}
}

func TestAnAnswerMayComeInLatin1(t *testing.T) {
	t.Parallel()
	server := start(t, sim.Options{Latin1: true})
	server.Hold(sim.Domain{Name: "example.com", Expiry: "2031-03-30 23:59:59", Holder: "Öberg €"})
	_, answer := post(t, server, message("GET", map[string]string{"domain": "example.com", "type": "all_info"}), nil)
	if !bytes.Contains(answer, []byte("\xd6berg &#8364;")) || !bytes.Contains(answer, []byte("ISO-8859-1")) {
		t.Errorf("%q", answer)
	}
	if got := reply(t, answer).Attributes.At("contact_set", "owner", "last_name").Text; got != "Öberg €" {
		t.Errorf("%q", got)
	}
}

func TestAConnectionTakesSoManyCommands(t *testing.T) {
	t.Parallel()
	server := start(t, sim.Options{PerConnection: 2})
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	var codes []int
	for range 3 {
		body := message("BELONGS_TO_RSP", map[string]string{"domain": "example.com"})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL(), bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"Content-Type": {"text/xml"}, "X-Username": {"acme"}, "X-Signature": {wire.Sign(body, key)}}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, reply(t, answer).Code)
	}
	if diff := cmp.Diff([]int{200, 200, 350}, codes); diff != "" {
		t.Error(diff)
	}
	if len(server.Violations()) != 1 {
		t.Errorf("%+v", server.Violations())
	}
}

func TestTheControlsSeedAndShow(t *testing.T) {
	t.Parallel()
	server := start(t, sim.Options{})
	for path, list := range map[string]string{
		"/domains":   `[{"name": "Example.com", "expiry": "2031-03-30 23:59:59"}, {"name": "left.com", "expiry": "2031-03-30 23:59:59"}]`,
		"/transfers": `[{"domain": "coming.com", "status": "pending_owner"}]`,
	} {
		control(t, server.AdminURL()+path, list)
	}
	control(t, server.AdminURL()+"/deletions", `[{"name": "left.com", "day": "30-MAR-2026 23:59:59", "reason": "Expired"}]`)
	res, err := http.Get(server.AdminURL() + "/state")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var state sim.State
	if err := json.NewDecoder(res.Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]sim.Domain{{Name: "Example.com", Expiry: "2031-03-30 23:59:59"}}, state.Domains); diff != "" {
		t.Error(diff)
	}
	server.Reset()
	if left := server.Domains(); len(left) > 0 {
		t.Errorf("after a reset: %+v", left)
	}
}

func control(t *testing.T, url, list string) {
	t.Helper()
	res, err := http.Post(url, "application/json", strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		t.Errorf("%s: HTTP %d", url, res.StatusCode)
	}
}
