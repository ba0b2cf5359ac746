package sim_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/registrar/rdap/sim"
)

func start(t *testing.T) *sim.Server {
	t.Helper()
	server := sim.New(sim.Options{Extensions: []string{"com", "net"}})
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func ask(t *testing.T, method, address, accept, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

func TestWhatARegistryAnswers(t *testing.T) {
	t.Parallel()
	const rdap = "application/rdap+json"
	server := start(t)
	server.Hold(sim.Domain{Name: "Bücher.com", Status: []string{"active"}}, sim.Domain{Name: "a.net"})
	for name, tc := range map[string]struct {
		path, accept string
		want         int
	}{
		"a name":                          {"/com/rdap/domain/xn--bcher-kva.com", rdap, 200},
		"a name that is not there":        {"/com/rdap/domain/b.com", rdap, 404},
		"a name of another server":        {"/com/rdap/domain/a.net", rdap, 404},
		"a server that is not there":      {"/org/rdap/domain/a.org", rdap, 404},
		"upper case":                      {"/com/rdap/domain/XN--BCHER-KVA.com", rdap, 400},
		"Unicode":                         {"/com/rdap/domain/b%C3%BCcher.com", rdap, 400},
		"who asks for something else":     {"/com/rdap/domain/xn--bcher-kva.com", "text/html", 406},
		"who asks for more than a name":   {"/com/rdap/domain/xn--bcher-kva.com/x", rdap, 400},
		"a query that nobody has thought": {"/com/rdap/domain/xn--bcher-kva.com?x=1", rdap, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, body := ask(t, http.MethodGet, server.URL()+tc.path, tc.accept, ""); got != tc.want {
				t.Errorf("%d, want %d: %s", got, tc.want, body)
			}
		})
	}
}

func TestTheBootstrapFilePointsToTheServersThemselves(t *testing.T) {
	t.Parallel()
	server := start(t)
	status, body := ask(t, http.MethodGet, server.BootstrapURL(), "application/json", "")
	if status != http.StatusOK || !strings.Contains(body, `[["com"],["`+server.BaseURL("com")+`/"]],[["net"],["`+server.BaseURL("net")+`/"]]`) {
		t.Errorf("%d %s", status, body)
	}
}

func TestTheControls(t *testing.T) {
	t.Parallel()
	server := start(t)
	ask(t, http.MethodPost, server.AdminURL()+"/domains", "", `[{"name": "B.com", "status": ["active"]}, {"name": "a.net", "iana": "7"}]`)
	ask(t, http.MethodPost, server.AdminURL()+"/remove", "", `["b.COM"]`)
	want := []sim.Domain{{Name: "a.net", Registrar: "Example Registrar, Inc.", IANA: "7"}}
	if diff := cmp.Diff(want, server.State().Domains); diff != "" {
		t.Error(diff)
	}
	server.Reset()
	if left := server.State().Domains; len(left) != 0 {
		t.Errorf("%+v is left", left)
	}
}
