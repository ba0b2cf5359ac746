package sim_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/registrar/namecheap/sim"
	"github.com/whmcsync/whmcsync/internal/simkit"
)

func start(t *testing.T, opt sim.Options) *sim.Server {
	t.Helper()
	opt.APIUser, opt.APIKey, opt.ClientIP = "acme", "key", "192.0.2.7"
	server := sim.New(opt)
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

// ask posts a call with good credentials, unless the parameters (name, value, ...) say otherwise.
func ask(t *testing.T, server *sim.Server, params ...string) string {
	t.Helper()
	form := url.Values{"ApiUser": {"acme"}, "UserName": {"acme"}, "ApiKey": {"key"}, "ClientIp": {"192.0.2.7"}}
	for i := 0; i+1 < len(params); i += 2 {
		form.Set(params[i], params[i+1])
	}
	return post(t, server.URL(), "application/x-www-form-urlencoded", form.Encode())
}

func post(t *testing.T, address, kind, body string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	res, err := client.Post(address, kind, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode > 204 {
		t.Fatalf("%d %s, %v", res.StatusCode, raw, err)
	}
	return string(raw)
}

func TestWhatTheRealServerWouldRefuseIsRefused(t *testing.T) {
	t.Parallel()
	const list, info = "namecheap.domains.getList", "namecheap.domains.getInfo"
	for name, tc := range map[string]struct {
		params []string
		number string
	}{
		"an unknown command":        {[]string{"Command", "namecheap.domains.sell"}, "1010104"},
		"another user":              {[]string{"Command", list, "ApiUser", "mallory"}, "1010101"},
		"a wrong key":               {[]string{"Command", list, "ApiKey", "guess"}, "1011102"},
		"a foreign address":         {[]string{"Command", list, "ClientIp", "192.0.2.8"}, "1011150"},
		"a misspelt parameter":      {[]string{"Command", list, "Pagesize", "100"}, "2010000"},
		"a page that is too small":  {[]string{"Command", list, "PageSize", "9"}, "2010003"},
		"a page that is too large":  {[]string{"Command", list, "PageSize", "101"}, "2010003"},
		"a page before the first":   {[]string{"Command", list, "Page", "0"}, "2010002"},
		"an order that is none":     {[]string{"Command", list, "SortBy", "COLOUR"}, "2010004"},
		"a list that is none":       {[]string{"Command", list, "ListType", "SOME"}, "2010001"},
		"a look-up without a name":  {[]string{"Command", info}, "2010324"},
		"a name that is not held":   {[]string{"Command", info, "DomainName", "b.test"}, "2019166"},
		"protection without a mail": {[]string{"Command", "namecheap.whoisguard.enable", "WhoisguardID", "91"}, "2011000"},
		"a subscription of nobody":  {[]string{"Command", "namecheap.whoisguard.disable", "WhoisguardID", "0"}, "2011331"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, sim.Options{})
			server.Hold(sim.Domain{Name: "a.test", Status: "Ok", Privacy: "DISABLED"})
			if got := ask(t, server, tc.params...); !strings.Contains(got, `Status="ERROR"`) || !strings.Contains(got, `Number="`+tc.number+`"`) {
				t.Error(got)
			}
		})
	}
}

func TestAKeyInAURLIsNoted(t *testing.T) {
	t.Parallel()
	server := start(t, sim.Options{})
	query := url.Values{"ApiUser": {"acme"}, "UserName": {"acme"}, "ApiKey": {"key"}, "ClientIp": {"192.0.2.7"}, "Command": {"namecheap.domains.getList"}}
	if got := post(t, server.URL()+"?"+query.Encode(), "text/plain", ""); !strings.Contains(got, `Status="OK"`) {
		t.Error(got)
	}
	want := []simkit.Violation{{Kind: "key_in_url", Subject: "namecheap.domains.getList"}}
	if diff := cmp.Diff(want, server.Violations()); diff != "" {
		t.Error(diff)
	}
}

func TestTheControls(t *testing.T) {
	t.Parallel()
	server := start(t, sim.Options{})
	post(t, server.AdminURL()+"/domains", "application/json", `[{"name": "B.test", "status": "Ok"}, {"name": "a.test", "status": "Expired"}]`)
	post(t, server.AdminURL()+"/remove", "application/json", `["b.TEST"]`)
	post(t, server.AdminURL()+"/transfers", "application/json", `[{"name": "c.test", "status_id": "5", "status": "COMPLETED"}]`)
	state := server.State()
	if diff := cmp.Diff([]sim.Domain{{ID: "2", Name: "a.test", Status: "Expired"}}, state.Domains); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]sim.Transfer{{ID: "3", Name: "c.test", StatusID: "5", Status: "COMPLETED"}}, state.Transfers); diff != "" {
		t.Error(diff)
	}
	server.Reset()
	if state := server.State(); len(state.Domains)+len(state.Transfers) != 0 {
		t.Errorf("%+v is left", state)
	}
}

func TestTheLimitsAreKeptPerWindow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	server := start(t, sim.Options{PerMinute: 2, PerHour: 3, Options: simkit.Options{Clock: func() time.Time { return now }}})
	limited := func() bool {
		return strings.Contains(ask(t, server, "Command", "namecheap.domains.getList"), `Number="500000"`)
	}
	var got []bool
	for _, later := range []time.Duration{0, 0, 0, time.Minute, time.Hour} {
		now = now.Add(later)
		got = append(got, limited())
	}
	if diff := cmp.Diff([]bool{false, false, true, true, false}, got); diff != "" {
		t.Error(diff)
	}
}
