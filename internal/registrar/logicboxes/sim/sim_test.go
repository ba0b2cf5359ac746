package sim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes/sim"
)

// ask sends one call to a server, with the right credentials unless they are in the query.
func ask(server *sim.Server, method, path, query, body string) (status int, answer string) {
	values, _ := url.ParseQuery(query)
	if strings.HasPrefix(path, "/api") && !values.Has("api-key") {
		values.Set("auth-userid", "7")
		values.Set("api-key", "key")
	}
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, httptest.NewRequest(method, path+"?"+values.Encode(), strings.NewReader(body)))
	raw, _ := io.ReadAll(recorder.Body)
	return recorder.Code, string(raw)
}

func TestWhatTheRealServerRefuses(t *testing.T) {
	t.Parallel()
	server := sim.New(sim.Options{UserID: "7", Key: "key"})
	server.Seed(sim.Order{Name: "example.com", Privacy: "na"})
	for _, tc := range []struct {
		what, method, path, query string
		status                    int
		says                      string
	}{
		{"a wrong key", "GET", "/api/domains/search.json", "no-of-records=10&page-no=1&auth-userid=7&api-key=other", 401, "Unauthorized"},
		{"too short a page", "GET", "/api/domains/search.json", "no-of-records=9&page-no=1", 500, "between 10 and 500"},
		{"too long a page", "GET", "/api/domains/search.json", "no-of-records=501&page-no=1", 500, "between 10 and 500"},
		{"no page", "GET", "/api/domains/search.json", "no-of-records=10", 500, "page-no"},
		{"an order that is none", "GET", "/api/domains/search.json", "no-of-records=10&page-no=1&order-by=name", 500, "order-by"},
		{"a misspelt parameter", "GET", "/api/domains/search.json", "no-of-records=10&page-no=1&domain=x", 500, "Invalid parameter: domain"},
		{"a look-up without options", "GET", "/api/domains/details-by-name.json", "domain-name=example.com", 500, "missing"},
		{"a name that is not held", "GET", "/api/domains/details-by-name.json", "domain-name=ample.com&options=OrderDetails", 500, "Website doesn't exist for ample.com"},
		{"a write by GET", "GET", "/api/domains/modify-privacy-protection.json", "order-id=7000001&protect-privacy=true&reason=x", 404, "Not found"},
		{"a write without a reason", "POST", "/api/domains/modify-privacy-protection.json", "order-id=7000001&protect-privacy=true", 500, "missing"},
		{"privacy where there is none", "POST", "/api/domains/modify-privacy-protection.json", "order-id=7000001&protect-privacy=true&reason=x", 500, "not supported"},
		{"an order that is not there", "POST", "/api/domains/modify-privacy-protection.json", "order-id=1&protect-privacy=true&reason=x", 500, "No Entity found"},
	} {
		status, answer := ask(server, tc.method, tc.path, tc.query, "")
		if status != tc.status || !strings.Contains(answer, tc.says) || !strings.Contains(answer, `"status":"ERROR"`) {
			t.Errorf("%s: %d %s", tc.what, status, answer)
		}
	}
	if order, _ := server.Order("EXAMPLE.com"); order.Writes != 0 {
		t.Errorf("something was written: %+v", order)
	}
}

func TestControls(t *testing.T) {
	t.Parallel()
	server := sim.New(sim.Options{UserID: "7", Key: "key"})
	orders := `[{"name":"example.com"},{"name":"left.com","status":"Archived"}]`
	if status, answer := ask(server, http.MethodPost, "/_sim/orders", "", orders); status != http.StatusNoContent {
		t.Fatal(status, answer)
	}
	ask(server, http.MethodPost, "/_sim/actions", "", `[{"order":7000002,"archived":true,"type":"DelDomain","status":"Success"}]`)
	_, raw := ask(server, http.MethodGet, "/_sim/state", "", "")
	var got sim.State
	if err := json.Unmarshal([]byte(raw), &got); err != nil {
		t.Fatal(err)
	}
	want := []sim.Order{{ID: 7000001, Name: "example.com", Status: "Active"}, {ID: 7000002, Name: "left.com", Status: "Archived"}}
	if diff := cmp.Diff(want, got.Orders); diff != "" || len(got.Actions) != 1 {
		t.Errorf("%d actions; %s", len(got.Actions), diff)
	}
	ask(server, http.MethodPost, "/_sim/reset", "", "")
	if state := server.State(); len(state.Orders)+len(state.Actions) > 0 {
		t.Errorf("a reset leaves %+v", state)
	}
}
