package deploy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

const (
	hookFile = "whmcs/includes/hooks/whmcsync.php"
	secret   = "secret of main"
)

// transports are the two ways in which the hook file can send: a PHP with curl and one without.
var transports = map[string][]string{
	"with curl":    nil,
	"without curl": {"-d", "disable_functions=curl_init,curl_multi_init"},
}

// received is what the real server was told.
type received struct {
	mu      sync.Mutex
	touches []string
	nonces  map[string]bool
}

func (r *received) Touch(_ context.Context, sync string, ids []int64, _ state.Trigger) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, err := json.Marshal(ids)
	r.touches = append(r.touches, sync+string(text))
	return err
}

func (r *received) Seen(_ context.Context, _, nonce string, _ time.Duration) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.nonces[nonce]
	r.nonces[nonce] = true
	return was, nil
}

func (r *received) list() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.touches...)
}

// calls counts the calls that were signed.
func (r *received) calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.nonces)
}

// waitFor waits until so many calls have come and shows what they were.
func (r *received) waitFor(t *testing.T, want ...string) {
	t.Helper()
	testkit.Eventually(t, 10*time.Second, func() (bool, string) {
		diff := cmp.Diff(want, r.list())
		return diff == "", diff
	})
}

// startServer runs the real server with one source and a sync of clients and one of domains. It returns the hook address.
func startServer(t *testing.T) (string, *received, *testkit.Printed) {
	t.Helper()
	got, log := &received{nonces: map[string]bool{}}, &testkit.Printed{}
	srv, err := server.New(server.Config{
		Sources: map[string]server.Source{"main": {HookSecret: config.NewSecret(secret), Syncs: []string{"news"}, DomainSyncs: []string{"op"}}},
		Syncs:   map[string]server.SyncInfo{"news": {}, "op": {}},
		Log:     zerolog.New(log),
	}, server.Deps{Touches: got, Nonces: got})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + srv.Addr() + "/hooks/whmcs/main", got, log
}

// page is one page of WHMCS that runs with the hook file.
type page struct {
	file  string
	flags []string
	env   []string
	wrap  []string // a command that runs PHP
}

func configured(address, key string, flags ...string) page {
	return page{file: hookFile, flags: flags, env: []string{"WHMCSYNC_HOOK_URL=" + address, "WHMCSYNC_HOOK_SECRET=" + key}}
}

// fire runs the page, insists that nothing of the hook file can be seen on it, and returns how long it was held up.
func (p page) fire(t *testing.T, events string) time.Duration {
	t.Helper()
	args := slices.Concat(p.wrap, []string{testkit.PHP(t)}, p.flags, []string{"testdata/page.php", p.file, events})
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, out.String(), errs.String())
	}
	if diff := cmp.Diff("page done", out.String()); diff != "" {
		t.Errorf("the customer sees something of it\n%s", diff)
	}
	seconds, err := strconv.ParseFloat(errs.String(), 64)
	if err != nil {
		t.Errorf("PHP complained: %s", errs.String())
	}
	return time.Duration(seconds * float64(time.Second))
}

func TestHookFileIsWellFormed(t *testing.T) {
	t.Parallel()
	if out, err := exec.CommandContext(t.Context(), testkit.PHP(t), "-l", hookFile).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestEveryEventReachesTheServer(t *testing.T) {
	t.Parallel()
	for name, flags := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for events, want := range map[string]string{
				`[["ClientAdd",{"client_id":12,"user_id":99,"email":"a@example.com"}]]`: "news[12]",
				`[["ClientAdd",{"userid":"12","user_id":99}]]`:                          "news[12]",
				`[["ClientEdit",{"userid":13,"olddata":{"userid":4}}]]`:                 "news[13]",
				`[["ClientClose",{"userid":14}]]`:                                       "news[14]",
				`[["PreDeleteClient",{"userid":15}],["ClientDelete",{"userid":15}]]`:    "news[15]",
				`[["AfterClientMerge",{"toUserID":16,"fromUserID":17}]]`:                "news[16,17]",
				`[["DomainEdit",{"userid":4,"domainid":21}]]`:                           "op[21]",
				`[["DomainDelete",{"userid":4,"domainid":"22"}]]`:                       "op[22]",
				`[["DomainTransferCompleted",{"domainId":23,"domain":"a.test"}]]`:       "op[23]",
				`[["DomainTransferFailed",{"domainId":24,"domain":"a.test"}]]`:          "op[24]",
				`[["AfterRegistrarRegistration",{"params":{"domainid":25,"sld":"a"}}]]`: "op[25]",
				`[["AfterRegistrarRenewal",{"params":{"domainid":26}}]]`:                "op[26]",
				`[["AfterRegistrarTransfer",{"params":{"domainid":27},"results":[]}]]`:  "op[27]",
			} {
				address, got, _ := startServer(t)
				configured(address, secret, flags...).fire(t, events)
				got.waitFor(t, want)
			}
		})
	}
}

func TestManyEventsOfOnePageAreOneCall(t *testing.T) {
	t.Parallel()
	for name, flags := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, got, _ := startServer(t)
			configured(address, secret, flags...).fire(t,
				`[["ClientEdit",{"userid":3}],["ClientEdit",{"userid":3}],["ClientAdd",{"client_id":8}],["ClientEdit",{"userid":0}],["ClientEdit",{}],["ClientEdit",null],["ClientEdit",{"userid":"x"}]]`)
			got.waitFor(t, "news[3,8]")
		})
	}
}

func TestClientsAndDomainsOfOnePageAreOneCall(t *testing.T) {
	t.Parallel()
	for name, flags := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, got, _ := startServer(t)
			configured(address, secret, flags...).fire(t,
				`[["DomainEdit",{"domainid":8}],["ClientEdit",{"userid":3}],["AfterRegistrarRenewal",{"params":{"domainid":7}}],["DomainEdit",{"domainid":0}],["AfterRegistrarRenewal",{"params":"x"}],["DomainEdit",{"params":{}}]]`)
			got.waitFor(t, "news[3]", "op[7,8]")
			if n := got.calls(); n != 1 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

func TestAClientWhoSwitchesASettingIsToldAndOneWhoLooksIsNot(t *testing.T) {
	t.Parallel()
	address, got, _ := startServer(t)
	page := configured(address, secret)
	page.fire(t, `[["ClientAreaPageDomainDetails",{"domainid":5,"domain":"a.test"}]]`)
	page.env = append(page.env, "REQUEST_METHOD=POST")
	page.fire(t, `[["ClientAreaPageDomainDetails",{"domainid":6,"domain":"b.test"}]]`)
	got.waitFor(t, "op[6]")
}

func TestThePageIsNotHarmed(t *testing.T) {
	t.Parallel()
	const events = `[["ClientEdit",{"userid":3}]]`
	silent := silentListener(t)
	for name, flags := range transports {
		for trouble, address := range map[string]string{
			"the server is down":                      "http://127.0.0.1:1/hooks/whmcs/main",
			"the server never answers":                "http://" + silent + "/hooks/whmcs/main",
			"the server never finishes the handshake": "https://" + silent + "/hooks/whmcs/main",
			"the name is unknown":                     "http://whmcsync.invalid/hooks/whmcs/main",
			"the address is nonsense":                 "htt p:/:nonsense",
			"the address is a file":                   "file:///etc/hostname",
			"the address is empty":                    "",
		} {
			t.Run(trouble+", "+name, func(t *testing.T) {
				if held := configured(address, secret, flags...).fire(t, events); held > 1500*time.Millisecond {
					t.Errorf("the page was held up for %s", held)
				}
			})
		}
	}
}

// silentListener takes connections and says nothing.
func silentListener(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestALongScriptWaitsForADeadServerOnce(t *testing.T) {
	t.Parallel()
	var events []string
	for id := range 2600 {
		event := `["ClientEdit",{"userid":`
		if id%2 == 1 {
			event = `["DomainEdit",{"domainid":`
		}
		events = append(events, event+strconv.Itoa(id+1)+`}]`)
	}
	all := "[" + strings.Join(events, ",") + "]"
	t.Run("when nobody answers", func(t *testing.T) {
		t.Parallel()
		p := configured("http://"+silentListener(t)+"/", secret)
		start := time.Now()
		p.fire(t, all)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("the script took %s", took)
		}
	})
	t.Run("and is told in parts to a living one", func(t *testing.T) {
		t.Parallel()
		address, got, _ := startServer(t)
		configured(address, secret).fire(t, all)
		testkit.Eventually(t, 10*time.Second, func() (bool, string) { n := len(got.list()); return n == 12, strconv.Itoa(n) + " touches" })
	})
}

func TestAWrongSecretIsRefusedAndNotSeen(t *testing.T) {
	t.Parallel()
	address, got, log := startServer(t)
	configured(address, "another secret").fire(t, `[["ClientEdit",{"userid":3}]]`)
	testkit.Eventually(t, 10*time.Second, func() (bool, string) {
		return strings.Contains(log.String(), "the signature is wrong"), "the call has not come"
	})
	if touches := got.list(); len(touches) != 0 {
		t.Errorf("touched: %v", touches)
	}
}

func TestSettingsFromAFileAndFromConstants(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile(hookFile)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("a file beside the hook file, with a blank line at its end", func(t *testing.T) {
		t.Parallel()
		address, got, _ := startServer(t)
		dir := t.TempDir()
		write(t, filepath.Join(dir, "whmcsync.php"), string(body))
		write(t, filepath.Join(dir, "whmcsync.config.php"), "<?php return ['url' => '"+address+"', 'secret' => '"+secret+"']; ?>\n\n")
		page{file: filepath.Join(dir, "whmcsync.php")}.fire(t, `[["ClientEdit",{"userid":3}]]`)
		got.waitFor(t, "news[3]")
	})
	t.Run("constants, which win over the environment", func(t *testing.T) {
		t.Parallel()
		address, got, _ := startServer(t)
		first := filepath.Join(t.TempDir(), "configuration.php")
		write(t, first, "<?php define('WHMCSYNC_HOOK_URL', '"+address+"'); define('WHMCSYNC_HOOK_SECRET', '"+secret+"');")
		configured("http://127.0.0.1:1/", "x", "-d", "auto_prepend_file="+first).fire(t, `[["ClientEdit",{"userid":4}]]`)
		got.waitFor(t, "news[4]")
	})
	t.Run("none: nothing happens", func(t *testing.T) {
		t.Parallel()
		if held := (page{file: hookFile}).fire(t, `[["ClientEdit",{"userid":4}]]`); held > 100*time.Millisecond {
			t.Errorf("the page was held up for %s", held)
		}
	})
}

func TestHookFileAloneDoesNothing(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), testkit.PHP(t), "-d", "display_errors=1", hookFile).CombinedOutput()
	if err != nil || len(out) != 0 {
		t.Errorf("opened by itself it says %q, %v", out, err)
	}
}

func TestHookOverTLS(t *testing.T) {
	t.Parallel()
	for name, flags := range transports {
		t.Run("a certificate that is known is accepted, "+name, func(t *testing.T) {
			t.Parallel()
			address, got, _ := startServer(t)
			outside, ca := behindTLS(t, address)
			trust := append([]string{"-d", "curl.cainfo=" + ca, "-d", "openssl.cafile=" + ca}, flags...)
			configured(outside, secret, trust...).fire(t, `[["ClientEdit",{"userid":5}]]`)
			got.waitFor(t, "news[5]")
		})
		t.Run("a certificate that is not known is not, "+name, func(t *testing.T) {
			t.Parallel()
			address, got, _ := startServer(t)
			outside, _ := behindTLS(t, address)
			configured(outside, secret, flags...).fire(t, `[["ClientEdit",{"userid":5}]]`)
			if touches := got.list(); len(touches) != 0 {
				t.Errorf("sent to a stranger: %v", touches)
			}
		})
	}
}

// behindTLS puts a proxy with a certificate of its own in front of a hook address.
func behindTLS(t *testing.T, address string) (outside, ca string) {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", to.Host }})
	proxy.Config.ErrorLog = log.New(io.Discard, "", 0)
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	write(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw})))
	return proxy.URL + to.Path, ca
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
