package wire_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar/namecheap/wire"
)

const key = "k3y/with+odd=signs"

func fixture(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// answering is a client whose server says the same to everything, and what it was asked last.
func answering(t testing.TB, status int, body string) (client wire.Client, asked func() (url, form string)) {
	t.Helper()
	var url, form string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		url, form = r.Method+" "+r.URL.String(), string(raw)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	http, err := httpx.New(httpx.Config{Account: "nc", BaseURL: server.URL + "/xml.response", Secrets: []string{key}, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(http.Close)
	who := wire.Credentials{APIUser: "acme", APIKey: key, UserName: "acme", ClientIP: "192.0.2.7"}
	return wire.Client{HTTP: http, Who: who}, func() (string, string) { return url, form }
}

func TestAnswersAsDocumented(t *testing.T) {
	t.Parallel()
	t.Run("a page of domains", func(t *testing.T) {
		t.Parallel()
		client, asked := answering(t, 200, fixture(t, "list.xml"))
		rows, paging, err := client.List(t.Context(), 3, 100)
		want := []wire.Domain{
			{ID: "127", Name: "domain1.test", Expires: "02/05/2027", IsExpired: "false", IsLocked: "false", AutoRenew: "false", WhoisGuard: "ENABLED"},
			{ID: "381", Name: "DOMAIN2.test", Expires: "04/28/2023", IsExpired: "true", IsLocked: "true", AutoRenew: "true", WhoisGuard: "NOTPRESENT"},
		}
		same(t, want, rows, err)
		same(t, wire.Paging{TotalItems: 2, PageSize: 100}, paging, nil)
		url, form := asked()
		same(t, "POST /xml.response", url, nil)
		same(t, strings.TrimSpace(fixture(t, "list_request.txt")), form, nil)
	})
	t.Run("one domain", func(t *testing.T) {
		t.Parallel()
		client, _ := answering(t, 200, fixture(t, "info.xml"))
		info, err := client.Info(t.Context(), "domain1.test")
		same(t, wire.Info{
			ID: "736542", Name: "domain1.test", Status: "Ok", IsOwner: "true", Expires: "09/05/2027",
			Privacy: wire.Privacy{Enabled: "True", ID: "3655801", Forwarded: wire.Mail{To: "owner@example.test"}},
		}, info, err)
	})
	t.Run("a page of transfers", func(t *testing.T) {
		t.Parallel()
		client, asked := answering(t, 200, fixture(t, "transfers.xml"))
		rows, paging, err := client.Transfers(t.Context(), "a.test", 1, 100)
		same(t, []wire.Transfer{
			{ID: "59", Name: "domain1.test", StatusID: "20", Status: "CANCELLED", Description: "Canceled - not registered"},
			{ID: "75", Name: "domain8.co.test", StatusID: "4", Status: "INPROGRESS", Description: "Canceled due to domain status"},
		}, rows, err)
		same(t, wire.Paging{TotalItems: 2, PageSize: 10}, paging, nil)
		_, form := asked()
		same(t, strings.TrimSpace(fixture(t, "transfers_request.txt")), form, nil)
	})
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

func TestEveryErrorNumberHasItsClass(t *testing.T) {
	t.Parallel()
	for class, numbers := range map[fault.Class]string{
		fault.Auth:        "1010101 1010102 1011102 1017101 1017105 1017410 1017411 1019103 1016103 1017103 1011150 1017150",
		fault.NotFound:    "2019166 2016166 4019329",
		fault.Transient:   "3031510 3050900 5050900 3999999 5999999",
		fault.RateLimited: "500000",
		fault.Rejected:    "2030280 1010104 4999999 7 x",
	} {
		for number := range strings.FieldsSeq(numbers) {
			client, _ := answering(t, 200, `<ApiResponse Status="ERROR"><Errors><Error Number="`+number+`">key `+key+` is odd</Error></Errors></ApiResponse>`)
			_, err := client.Info(t.Context(), "a.test")
			if got := fault.ClassOf(err); got != class {
				t.Errorf("%s: %s, want %s", number, got, class)
			}
			if want := "error " + number + ": key *** is odd"; !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%s: %q does not end with %q", number, err, want)
			}
		}
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		want   fault.Class
	}{
		"HTTP 405 means too many calls":               {405, "Not allowed", fault.RateLimited},
		"HTTP 404 is no answer about a domain":        {404, fixture(t, "latin1.xml"), fault.Protocol},
		"an old encoding is read":                     {200, fixture(t, "latin1.xml"), fault.NotFound},
		"an error without a reason":                   {200, `<ApiResponse Status="ERROR"><Errors/></ApiResponse>`, fault.Protocol},
		"no status":                                   {200, `<ApiResponse><CommandResponse/></ApiResponse>`, fault.Protocol},
		"OK beside an error is an error":              {200, `<ApiResponse Status="OK"><Errors><Error Number="2019166">x</Error></Errors></ApiResponse>`, fault.NotFound},
		"OK without what was asked for":               {200, `<ApiResponse Status="OK"><CommandResponse/></ApiResponse>`, fault.Protocol},
		"another document":                            {200, `<Other Status="OK"/>`, fault.Protocol},
		"a web page":                                  {200, `<!doctype html><title>Sign in</title>`, fault.Protocol},
		"nothing":                                     {200, ``, fault.Protocol},
		"HTTP 500, whatever it says":                  {500, `<ApiResponse Status="OK"/>`, fault.Transient},
		"a status that is a success but not expected": {206, fixture(t, "info.xml"), fault.Protocol},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := answering(t, tc.status, tc.body)
			for act, do := range acts(client) {
				if err := do(t.Context()); fault.ClassOf(err) != tc.want && act == "info" || err == nil && act != "info" {
					t.Errorf("%s: %v, want %s", act, err, tc.want)
				}
			}
		})
	}
}

func acts(c wire.Client) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"info":      func(ctx context.Context) error { _, err := c.Info(ctx, "a.test"); return err },
		"list":      func(ctx context.Context) error { _, _, err := c.List(ctx, 1, 100); return err },
		"transfers": func(ctx context.Context) error { _, _, err := c.Transfers(ctx, "", 1, 100); return err },
		"enable":    func(ctx context.Context) error { return c.EnablePrivacy(ctx, "1", "a@example.test") },
		"disable":   func(ctx context.Context) error { return c.DisablePrivacy(ctx, "1") },
	}
}

func TestASettingThatDidNotSucceedIsRejected(t *testing.T) {
	t.Parallel()
	client, _ := answering(t, 200, `<ApiResponse Status="OK"><Errors/><CommandResponse><WhoisguardDisableResult DomainName="a.test" IsSuccess="false"/></CommandResponse></ApiResponse>`)
	if err := client.DisablePrivacy(t.Context(), "1"); !fault.Is(err, fault.Rejected) {
		t.Error(err)
	}
}
