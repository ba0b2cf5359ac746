package rdap_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/rdap"
	"github.com/whmcsync/whmcsync/internal/registrar/rdap/sim"
	"github.com/whmcsync/whmcsync/internal/simkit"
)

func TestTheRegistryNamesTheRegistrar(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(sim.Domain{Name: "example.co.uk", Status: []string{"active"}, Expires: "2027-08-13T23:30:00-02:00", Registrar: "NameCheap, Inc.", IANA: "1068"})
	got, err := open(t, server, rdap.Config{}).Testify(t.Context(), "example.co.uk")
	want := registrar.Testimony{
		Registered: true, Registrar: "NameCheap, Inc.", IANA: "1068", Raw: "active", Registry: registrar.Date{Day: civil.Must("2027-08-14")},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestAnExtensionThatIsNotListedHasNobodyToAsk(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	registry := open(t, server, rdap.Config{})
	_, testifyErr := registry.Testify(t.Context(), "example.zz")
	_, getErr := registry.Get(t.Context(), "example.zz")
	for _, err := range []error{testifyErr, getErr} {
		if !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "nobody is listed for .zz") {
			t.Error(err)
		}
	}
}

func TestThatANameIsUnknownIsBelievedOfAListedServerOnly(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	listed := open(t, server, rdap.Config{})
	if got, err := listed.Testify(t.Context(), "example.com"); err != nil || got.Registered {
		t.Errorf("listed: %+v, %v", got, err)
	}
	own := open(t, server, rdap.Config{BaseURL: server.BaseURL("net")})
	for _, name := range []registrar.Name{"example.net", "example.com"} {
		if _, err := own.Testify(t.Context(), name); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s at a server of one's own: %v", name, err)
		}
	}
}

func TestAServerOfOnesOwnIsAskedWithoutTheBootstrapFile(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	server.Hold(sim.Domain{Name: "example.net", Status: []string{"active"}})
	got, err := open(t, server, rdap.Config{BaseURL: server.BaseURL("net")}).Testify(t.Context(), "example.net")
	if err != nil || !got.Registered || server.Counts().Calls["bootstrap"] != 0 {
		t.Errorf("%+v, %v, %v", got, err, server.Counts().Calls)
	}
}

// answering is a registry for .test whose server says the same to everything.
func answering(t *testing.T, status int, kind, body string) *rdap.Registry {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/dns.json" {
			fmt.Fprintf(w, `{"services": [[["test"], [%q]], [["plain"], ["http://rdap.example.test/"]]]}`, server.URL)
			return
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Location", "https://rdap.registrar.test/")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	registry, err := rdap.New(rdap.Config{Account: "registries", Bootstrap: server.URL + "/dns.json"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(registry.Close)
	return registry
}

func TestAnswersThatProveNothing(t *testing.T) {
	t.Parallel()
	const json = "application/rdap+json"
	for name, tc := range map[string]struct {
		status     int
		kind, body string
		want       fault.Class
	}{
		"another name":                           {200, json, `{"objectClassName": "domain", "ldhName": "other.test"}`, fault.Protocol},
		"no name":                                {200, json, `{"objectClassName": "domain"}`, fault.Protocol},
		"nothing":                                {200, json, ``, fault.Protocol},
		"a web page":                             {200, "text/html", `<!doctype html>`, fault.Protocol},
		"a web page that says not found":         {404, "text/html", `<!doctype html>`, fault.Protocol},
		"a redirect":                             {302, json, ``, fault.Protocol},
		"no content":                             {204, json, ``, fault.Protocol},
		"a registry that does not answer us":     {403, json, `{"errorCode": 403}`, fault.Rejected},
		"a registry that wants to know who asks": {401, json, `{"errorCode": 401}`, fault.Rejected},
		"too many":                               {429, json, `{"errorCode": 429}`, fault.RateLimited},
		"broken":                                 {500, json, `{"errorCode": 500}`, fault.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			registry := answering(t, tc.status, tc.kind, tc.body)
			if got, err := registry.Testify(t.Context(), "example.test"); !fault.Is(err, tc.want) || got != (registrar.Testimony{}) {
				t.Errorf("%+v, %v; want %s", got, err, tc.want)
			}
		})
	}
}

func TestANotFoundWithoutABodyIsBelieved(t *testing.T) {
	t.Parallel()
	if got, err := answering(t, 404, "application/rdap+json", "").Testify(t.Context(), "example.test"); err != nil || got.Registered {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAServerThatIsNotSecureIsNotAsked(t *testing.T) {
	t.Parallel()
	_, err := answering(t, 404, "", "").Testify(t.Context(), "example.plain")
	if !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "must use https") {
		t.Error(err)
	}
}

func TestABootstrapFileThatIsNotThereIsNoAnswerAboutAName(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	registry := open(t, server, rdap.Config{Bootstrap: server.URL() + "/elsewhere.json"})
	if _, err := registry.Testify(t.Context(), "example.com"); !fault.Is(err, fault.Protocol) {
		t.Error(err)
	}
}

func TestTheBootstrapFileIsReadOnceForAllQuestions(t *testing.T) {
	t.Parallel()
	server := startSim(t, sim.Options{})
	registry := open(t, server, rdap.Config{InFlight: 2})
	_ = server.SetFaults(simkit.Fault{Kind: simkit.KindLatency, Delay: simkit.Duration(2e6)})
	var all sync.WaitGroup
	for i := range 30 {
		name := registrar.Name(fmt.Sprintf("name%d.%s", i, []string{"com", "net", "org"}[i%3]))
		all.Go(func() {
			if _, err := registry.Testify(t.Context(), name); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	counts := server.Counts()
	if diff := cmp.Diff(map[string]int64{"bootstrap": 1, "get_domain": 30}, counts.Calls); diff != "" || counts.PeakInFlight > 2 {
		t.Errorf("%d at once\n%s", counts.PeakInFlight, diff)
	}
}
