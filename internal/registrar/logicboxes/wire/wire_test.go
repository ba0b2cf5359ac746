package wire_test

import (
	"context"
	"encoding/json"
	"fmt"
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
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	userID = "8472911"
	apiKey = "k3y/with+odd=signs"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func decoded[T any](t *testing.T, name string) (out T) {
	t.Helper()
	if err := json.Unmarshal(fixture(t, name), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAnswersAreDecoded(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]any{
		"search.json": {decoded[wire.Orders](t, "search.json"), wire.Orders{Total: 803, Rows: []wire.Order{
			{ID: "7000007", Name: "example.com", Status: "Active", EndTime: "1804204799", AutoRenew: "true", Privacy: "false"},
			{ID: "7000003", Name: "xn--bcher-kva.de", Status: "Suspended", EndTime: "0", AutoRenew: "false", Privacy: "na"},
			{ID: "7000001", Name: "old.co.uk", Status: "Pending Delete Restorable"},
		}}},
		"details.json": {decoded[wire.Details](t, "details.json"), wire.Details{
			OrderID: "7000007", EntityID: "7000007", Name: "example.com", Status: "Active", EndTime: "1804204799", AutoRenew: "true",
			Privacy: "false", PrivacyAllowed: "true", ActionType: "AddTransferDomain",
		}},
		"actions.json": {decoded[wire.Actions](t, "actions.json"), wire.Actions{Total: 2, Rows: []wire.Action{
			{
				ID: "55001", OrderID: "7000009", Type: "AddTransferDomain", TypeDesc: "Transfer of moving.com", Status: "Failed",
				StatusDesc: "The losing registrar said no", Completed: "1793400000",
			},
			{ID: "55002", OrderID: "7000010", Type: "DelDomain", Status: "Success"},
		}}},
		"privacy.json": {decoded[wire.Done](t, "privacy.json"), wire.Done{
			Status: "Success", StatusDesc: "Privacy protection enabled", InvoiceID: "8801", Amount: "-3.50", Currency: "EUR",
		}},
	} {
		if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAnAuthCodeIsNotDecoded(t *testing.T) {
	t.Parallel()
	if text := fmt.Sprintf("%+v", decoded[wire.Details](t, "details.json")); strings.Contains(text, "aUTH") {
		t.Errorf("it is in %s", text)
	}
}

func TestWhatIsNoListIsNoEmptyListEither(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`{}`, `[]`, `"x"`, `{"recsonpage": "0"}`, `{"recsindb": "x"}`, `{"recsindb": "-1"}`, `{"recsindb": "1", "1": 7}`} {
		var got wire.Orders
		if err := json.Unmarshal([]byte(raw), &got); err == nil {
			t.Errorf("%s was taken for %+v", raw, got)
		}
	}
}

// serve answers every call alike and remembers the last request's method, path and query.
func serve(t testing.TB, status int, kind, body string) (client wire.Client, last *http.Request) {
	t.Helper()
	last = &http.Request{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*last = http.Request{Method: r.Method, URL: r.URL}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	inner, err := httpx.New(httpx.Config{Account: "rc", BaseURL: server.URL + "/api", Secrets: []string{userID, apiKey}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(inner.Close)
	return wire.Client{HTTP: inner, UserID: userID, Key: apiKey}, last
}

func TestRequestsAreAsReviewed(t *testing.T) {
	t.Parallel()
	calls := map[string]func(context.Context, wire.Client) error{
		"list": func(ctx context.Context, c wire.Client) error {
			_, err := c.Orders(ctx, wire.Search{Page: 3, Size: 500, ChildOrders: true})
			return err
		},
		"search": func(ctx context.Context, c wire.Client) error {
			_, err := c.Orders(ctx, wire.Search{Page: 1, Size: 10, Name: "example.com", Statuses: []string{"Deleted", "Archived"}})
			return err
		},
		"details": func(ctx context.Context, c wire.Client) error {
			_, err := c.Details(ctx, "bücher.de")
			return err
		},
		"actions": func(ctx context.Context, c wire.Client) error {
			_, err := c.Actions(ctx, false, []string{"7", "8"}, 2, 100)
			return err
		},
		"archived": func(ctx context.Context, c wire.Client) error {
			_, err := c.Actions(ctx, true, []string{"7"}, 1, 100)
			return err
		},
		"privacy": func(ctx context.Context, c wire.Client) error {
			_, err := c.SetPrivacy(ctx, "7", true)
			return err
		},
	}
	var want map[string]string
	if err := json.Unmarshal(fixture(t, "requests.json"), &want); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for name, call := range calls {
		client, last := serve(t, http.StatusOK, "application/json", `{"recsindb":"0"}`)
		if err := call(t.Context(), client); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		query := last.URL.Query()
		if query.Get("auth-userid") != userID || query.Get("api-key") != apiKey {
			t.Errorf("%s: the credentials are missing", name)
		}
		query.Del("auth-userid")
		query.Del("api-key")
		readable, _ := url.QueryUnescape(query.Encode())
		got[name] = last.Method + " " + last.URL.Path + "?" + readable
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheBodyIsReadBeforeTheStatusCounts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		what   string
		status int
		body   string
		want   fault.Class
	}{
		{"a name that is not held", 500, `{"status":"ERROR","message":"Website doesn't exist for api-key.com"}`, fault.NotFound},
		{"an order that is not there", 200, `{"status":"error","error":"No Entity found for Entityid: 7"}`, fault.NotFound},
		{"a wrong key", 500, `{"status":"ERROR","message":"Authentication Failed for this request"}`, fault.Auth},
		{"a wrong key with 200", 200, `{"status":"error","error":"Access Denied: You are not authorized to perform this action"}`, fault.Auth},
		{"a refusal that is about a name", 200, `{"status":"ERROR","message":"authentication.com and api-key.com are locked"}`, fault.Rejected},
		{"a refusal with 200", 200, `{"status":"Failed","actionstatusdesc":"Not now"}`, fault.Rejected},
		{"a refusal with 500", 500, `{"status":"ERROR","message":"Privacy Protection is not supported for this TLD"}`, fault.Rejected},
		{"an error with 500 that nobody knows", 500, `{"status":"ERROR","message":"An unexpected error has occurred"}`, fault.Transient},
		{"an IP address that is not allowed", 403, "<html><h1>Forbidden</h1></html>", fault.Auth},
		{"no such call", 404, `{"status":"ERROR","message":"Website doesn't exist for example.com"}`, fault.Protocol},
		{"a page with 200", 200, "<html>Maintenance</html>", fault.Protocol},
		{"a good answer with 500", 500, string(fixture(t, "details.json")), fault.Transient},
		{"a running action that failed is no failure", 200, string(fixture(t, "details.json")), ""},
	} {
		client, _ := serve(t, tc.status, "text/plain", tc.body)
		_, err := client.Details(t.Context(), "example.com")
		if got := fault.ClassOf(err); got != tc.want {
			t.Errorf("%s: %q, want %q (%v)", tc.what, got, tc.want, err)
		}
	}
}

func TestNoErrorShowsTheQuery(t *testing.T) {
	t.Parallel()
	echo := fmt.Sprintf("no call /api?auth-userid=%s&api-key=%s", userID, url.QueryEscape(apiKey))
	client, _ := serve(t, http.StatusBadRequest, "application/json", `{"status":"ERROR","message":"`+echo+`"}`)
	_, refused := client.Details(t.Context(), "example.com")
	client.HTTP.Close()
	nowhere, err := httpx.New(httpx.Config{Account: "rc", BaseURL: "http://127.0.0.1:1/api", Secrets: []string{userID, apiKey}})
	if err != nil {
		t.Fatal(err)
	}
	_, unreachable := wire.Client{HTTP: nowhere, UserID: userID, Key: apiKey}.Details(t.Context(), "example.com")
	for _, err := range []error{refused, unreachable} {
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
			if strings.Contains(text, userID) || strings.Contains(text, apiKey) || strings.Contains(text, url.QueryEscape(apiKey)) {
				t.Errorf("a credential is in %s", text)
			}
		}
	}
}

func TestAListMaySayByAnErrorThatItIsEmpty(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, http.StatusInternalServerError, "application/json", `{"status":"ERROR","message":"No record found"}`)
	actions, err := client.Actions(t.Context(), true, []string{"7"}, 1, 100)
	if len(actions.Rows) > 0 || err != nil {
		t.Errorf("%v, %v", actions, err)
	}
	for _, search := range []wire.Search{{Page: 1, Name: "example.com"}, {Page: 1, Statuses: []string{"Deleted"}}, {Page: 2}} {
		if orders, err := client.Orders(t.Context(), search); len(orders.Rows) > 0 || err != nil {
			t.Errorf("%+v: %v, %v", search, orders, err)
		}
	}
	if _, err := client.Orders(t.Context(), wire.Search{Page: 1}); !fault.Is(err, fault.NotFound) {
		t.Errorf("the account passed for an empty one: %v", err)
	}
}

func TestAWriteThatFailedIsRejected(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, http.StatusOK, "application/json", `{"actionstatus":"Failed","actionstatusdesc":"Not paid"}`)
	if _, err := client.SetPrivacy(t.Context(), "7", true); !fault.Is(err, fault.Rejected) || !strings.Contains(err.Error(), "Not paid") {
		t.Errorf("got %v", err)
	}
}
