package wire_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar/realtimeregister/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func fixture(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// against makes a client of a server that gives one answer to everything, and notes what it was asked.
func against(t testing.TB, status int, answer string) (wire.Client, *string) {
	t.Helper()
	asked := new(string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		query, _ := url.QueryUnescape(r.URL.String())
		*asked = strings.TrimSpace(r.Method + " " + query + " " + string(body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	client, err := httpx.New(httpx.Config{Account: "rr", BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return wire.Client{HTTP: client}, asked
}

func same(t *testing.T, want, got any, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnswersAreDecoded(t *testing.T) {
	t.Parallel()
	on, off := wire.Flag{Told: true, On: true}, wire.Flag{Told: true}
	t.Run("a list", func(t *testing.T) {
		t.Parallel()
		client, _ := against(t, 200, fixture(t, "export.json"))
		got, err := client.Export(t.Context())
		same(t, wire.Domains{Total: wire.Total{Told: true, N: 3}, Rows: []wire.Domain{
			{Name: "example.com", Expiry: "2031-03-30T23:59:59Z", Status: wire.Texts{"OK", "CLIENT_TRANSFER_PROHIBITED"}, AutoRenew: on, Privacy: off},
			{Name: "xn--bcher-kva.de", Status: wire.Texts{"EXPIRED"}, AutoRenew: off},
			{Name: "odd.example", Status: wire.Texts{"WEIRD_9"}},
		}}, got, err)
	})
	t.Run("one domain", func(t *testing.T) {
		t.Parallel()
		client, _ := against(t, 200, fixture(t, "domain.json"))
		got, err := client.Domain(t.Context(), "example.com")
		same(t, wire.Domain{Name: "example.com", Expiry: "2031-03-30T23:59:59Z", Status: wire.Texts{"OK"}, AutoRenew: on, Privacy: on}, got, err)
	})
	t.Run("an extension", func(t *testing.T) {
		t.Parallel()
		client, _ := against(t, 200, fixture(t, "extension.json"))
		got, err := client.Extension(t.Context(), "es")
		same(t, wire.Extension{Also: wire.Texts{"es", "com.es"}, Metadata: wire.Metadata{
			ExpiryOffset: "172800", Features: wire.Texts{"CREATE", "RENEW", "PRIVACY_PROTECT"},
		}}, got, err)
	})
	t.Run("a transfer", func(t *testing.T) {
		t.Parallel()
		client, _ := against(t, 200, fixture(t, "transfer.json"))
		got, err := client.Transfer(t.Context(), "example.com")
		same(t, wire.Transfer{Name: "example.com", Status: "rejected", Direction: "IN", ProcessID: "51442", Log: wire.Logs{
			{Date: "2026-03-01T10:00:00Z", Status: "pending", Message: "Asked for"},
			{Date: "2026-03-06T08:30:00Z", Status: "rejected", Message: "The losing registrar said no"},
		}}, got, err)
	})
	t.Run("processes", func(t *testing.T) {
		t.Parallel()
		client, _ := against(t, 200, fixture(t, "processes.json"))
		got, err := client.Completed(t.Context(), "example.com", 100)
		same(t, wire.Processes{Total: wire.Total{Told: true, N: 2}, Rows: []wire.Process{
			{ID: "4711", Subject: "example.com", Kind: "domain", Action: "outgoingTransfer", Status: "COMPLETED", Created: "2026-03-24T10:00:00Z", Updated: "2026-03-30T10:00:00Z"},
			{ID: "12", Subject: "example.com", Kind: "domain", Action: "incomingTransfer", Status: "COMPLETED", Created: "2020-01-01T10:00:00Z"},
		}}, got, err)
	})
	t.Run("a change that is carried out later", func(t *testing.T) {
		t.Parallel()
		client, _ := against(t, 202, fixture(t, "updated.json"))
		later, process, err := client.Update(t.Context(), "change", "example.com", wire.Change{})
		same(t, "true 51443", fmt.Sprint(later, " ", process), err)
	})
}

func TestALogMayBeOneEntryOrNone(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]wire.Logs{
		`{"log":{"message":"one"}}`: {{Message: "one"}}, `{"log":null}`: nil, `{}`: nil, `{"log":"text"}`: nil, `{"log":[]}`: {},
	} {
		client, _ := against(t, 200, answer)
		got, err := client.Transfer(t.Context(), "example.com")
		same(t, want, got.Log, err)
	}
}

// acts are all calls, by the names that requests.txt has for them.
func acts(c wire.Client) map[string]func(context.Context) error {
	on, off := true, false
	return map[string]func(context.Context) error{
		"export":    func(ctx context.Context) error { _, err := c.Export(ctx); return err },
		"page":      func(ctx context.Context) error { _, err := c.Page(ctx, 1000, 500); return err },
		"domain":    func(ctx context.Context) error { _, err := c.Domain(ctx, "example.com"); return err },
		"extension": func(ctx context.Context) error { _, err := c.Extension(ctx, "com.es"); return err },
		"transfer":  func(ctx context.Context) error { _, err := c.Transfer(ctx, "example.com"); return err },
		"completed": func(ctx context.Context) error { _, err := c.Completed(ctx, "example.com", 100); return err },
		"auto-renew": func(ctx context.Context) error {
			_, _, err := c.Update(ctx, "x", "example.com", wire.Change{AutoRenew: &off})
			return err
		},
		"privacy": func(ctx context.Context) error {
			_, _, err := c.Update(ctx, "x", "example.com", wire.Change{Privacy: &on})
			return err
		},
	}
}

func TestRequestsAreSentAsDocumented(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(fixture(t, "requests.txt")), "\n")
	client, asked := against(t, 200, `{"entities":[]}`)
	all := acts(client)
	for _, line := range lines {
		name, want, _ := strings.Cut(line, ": ")
		err := all[name](t.Context())
		same(t, want, *asked, err)
	}
	same(t, len(all), len(lines), nil)
}

func TestTheTypeOfAnErrorDecides(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status               int
		body                 string
		name, account, write fault.Class
	}{
		{400, `{"type":"ObjectDoesNotExist","message":"no"}`, fault.NotFound, fault.Protocol, fault.Rejected},
		{404, `{"type":"ObjectDoesNotExist","message":"no"}`, fault.NotFound, fault.Protocol, fault.Rejected},
		{400, `{"type":"UnsupportedTld"}`, fault.NotFound, fault.Rejected, fault.Rejected},
		{403, `{"type":"AuthorizationError"}`, fault.NotFound, fault.Auth, fault.Rejected},
		{403, `{"type":"AuthorizationFailed"}`, fault.NotFound, fault.Auth, fault.Rejected},
		{403, `Forbidden`, fault.Auth, fault.Auth, fault.Auth},
		{401, `{"type":"AuthenticationError"}`, fault.Auth, fault.Auth, fault.Auth},
		{404, `{"message":"ObjectDoesNotExist"}`, fault.Protocol, fault.Protocol, fault.Protocol},
		{404, `<html>`, fault.Protocol, fault.Protocol, fault.Protocol},
		{400, `{"type":"BillableAcknowledgmentNeededException"}`, fault.Rejected, fault.Rejected, fault.Rejected},
		{400, `{"type":["ObjectDoesNotExist"]}`, fault.Rejected, fault.Rejected, fault.Rejected},
		{429, `{"type":"AuthenticationRatelimitedError"}`, fault.RateLimited, fault.RateLimited, fault.RateLimited},
		{500, `{"type":"ObjectDoesNotExist"}`, fault.Transient, fault.Transient, fault.Transient},
		{502, `{"type":"ProviderConnectionError"}`, fault.Transient, fault.Transient, fault.Transient},
		{200, `{"type":"ObjectDoesNotExist"}`, "", fault.Protocol, ""},
		{200, `{"entities":{}}`, "", fault.Protocol, ""},
		{200, `{"entities":[],"pagination":{"total":-1}}`, "", fault.Protocol, ""},
	} {
		client, _ := against(t, tc.status, tc.body)
		all := acts(client)
		for act, want := range map[string]fault.Class{
			"domain": tc.name, "transfer": tc.name, "export": tc.account, "page": tc.account, "completed": tc.account,
			"auto-renew": tc.write, "privacy": tc.write,
		} {
			if err := all[act](t.Context()); fault.ClassOf(err) != want {
				t.Errorf("HTTP %d %s: %s is %q, want %q: %v", tc.status, tc.body, act, fault.ClassOf(err), want, err)
			}
		}
	}
}

func TestAKeyThatMayNotReadRulesIsSeen(t *testing.T) {
	t.Parallel()
	client, _ := against(t, 403, `{"type":"AuthorizationError"}`)
	if _, err := client.Extension(t.Context(), "com"); !fault.Is(err, fault.Auth) {
		t.Error(err)
	}
}
