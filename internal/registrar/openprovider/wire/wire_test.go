package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/wire"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// asked is what reached the server.
type asked struct{ Method, Address, Body string }

// against makes a client of a server that gives one answer to everything.
func against(t testing.TB, status int, answer []byte) (wire.Client, *asked) {
	t.Helper()
	got := &asked{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*got = asked{r.Method, r.URL.String(), string(body)}
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	}))
	t.Cleanup(server.Close)
	client, err := httpx.New(httpx.Config{Account: "op", BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return wire.Client{Account: "op", HTTP: client}, got
}

func same(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestListsAreRead(t *testing.T) {
	t.Parallel()
	on, off := wire.Flag{Told: true, On: true}, wire.Flag{Told: true}
	for name, want := range map[string]wire.Listing{
		"list.json": {Total: 7000, Domains: []wire.Domain{
			{
				ID: 1042, Name: wire.Parts{Name: "example", Extension: "co.uk"}, Type: "TRANSFER", Status: "ACT", AutoRenew: "default",
				PrivateWhois: on, PrivateWhoisAllowed: off, Renewal: "2031-03-28 00:00:00",
				Expiration: "2031-03-30 23:59:59", RegistryExpiration: "2032-03-30 23:59:59",
			},
			{
				ID: 1043, Name: wire.Parts{Name: "bücher", Extension: "de"}, Status: "DEL", Renewal: "0000-00-00 00:00:00",
				DeletedAt: "2030-12-24 10:00:00", SoftQuarantine: "2031-01-24 10:00:00", HardQuarantine: "2031-02-23 10:00:00",
			},
		}},
		"list_empty.json": {},
		"list_odd.json": {Total: 3, Domains: []wire.Domain{
			{AutoRenew: "false", Renewal: "0"},
			{ID: 2, Name: wire.Parts{Name: "123", Extension: "com"}, PrivateWhois: on, PrivateWhoisAllowed: off},
			{ID: 3},
		}},
	} {
		client, _ := against(t, 200, fixture(t, name))
		got, err := client.List(t.Context(), wire.Query{Op: "list"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		same(t, want, got)
	}
}

func TestOtherAnswersAreRead(t *testing.T) {
	t.Parallel()
	client, _ := against(t, 200, fixture(t, "login.json"))
	token, err := client.Login(t.Context(), wire.Credentials{})
	same(t, "t0ken", token)
	same(t, nil, err)

	client, _ = against(t, 200, fixture(t, "settings.json"))
	renews, err := client.RenewsByDefault(t.Context())
	same(t, wire.Flag{Told: true, On: true}, renews)
	same(t, nil, err)

	client, _ = against(t, 200, fixture(t, "changed_with_warnings.json"))
	warnings, err := client.Change(t.Context(), "change", "1042", wire.Change{})
	same(t, nil, err)
	var texts []string
	for _, w := range warnings {
		texts = append(texts, w.String())
	}
	same(t, []string{"code 399: An error occurred: The registry says no", "code 199: Something else"}, texts)
}

func TestRequestsAreSentAsDocumented(t *testing.T) {
	t.Parallel()
	off := false
	for name, tc := range map[string]struct {
		do      func(ctx context.Context, c wire.Client) error
		want    asked
		fixture string
	}{
		"a page": {
			func(ctx context.Context, c wire.Client) error {
				_, err := c.List(ctx, wire.Query{SortByID: true, Limit: 1000, Offset: 980, Status: "req"})
				return err
			}, asked{Method: "GET", Address: "/domains?limit=1000&offset=980&order_by.id=asc&status=req"}, "",
		},
		"a look-up": {
			func(ctx context.Context, c wire.Client) error {
				_, err := c.List(ctx, wire.Query{FullName: "a.co.uk", Limit: 100, Deleted: true, Queue: "transferOut"})
				return err
			}, asked{Method: "GET", Address: "/domains?full_name=a.co.uk&is_deleted=true&limit=100&queue_status=transferOut"}, "",
		},
		"settings": {
			func(ctx context.Context, c wire.Client) error { _, err := c.RenewsByDefault(ctx); return err },
			asked{Method: "GET", Address: "/resellers/settings"},
			"",
		},
		"a login": {
			func(ctx context.Context, c wire.Client) error {
				_, _ = c.Login(ctx, wire.Credentials{Username: "acme", Password: "p4ss", IP: "0.0.0.0"}) // no token comes
				return nil
			}, asked{Method: "POST", Address: "/auth/login"}, "login_request.json",
		},
		"auto-renew": {
			func(ctx context.Context, c wire.Client) error {
				_, err := c.Change(ctx, "change", "1042", wire.Change{AutoRenew: "default"})
				return err
			}, asked{Method: "PUT", Address: "/domains/1042"}, "change_autorenew_request.json",
		},
		"a renewal": {
			func(ctx context.Context, c wire.Client) error { _, err := c.Renew(ctx, "renew", "1042", 2); return err },
			asked{Method: "POST", Address: "/domains/1042/renew"},
			"renew_request.json",
		},
		"ID protection": {
			func(ctx context.Context, c wire.Client) error {
				_, err := c.Change(ctx, "change", "1042", wire.Change{PrivateWhois: &off})
				return err
			}, asked{Method: "PUT", Address: "/domains/1042"}, "change_privacy_request.json",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, got := against(t, 200, fixture(t, "list_empty.json"))
			same(t, nil, tc.do(t.Context(), client))
			if tc.fixture != "" {
				var compact bytes.Buffer
				same(t, nil, json.Compact(&compact, fixture(t, tc.fixture)))
				tc.want.Body = compact.String()
			}
			same(t, tc.want, *got)
		})
	}
}

func TestWhatCannotBeUnderstoodIsAnError(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		`{}`, `null`, `[]`, `"x"`, `{"data": {"results": [], "total": 0}}`, `{"code": 0}`, `{"code": 0, "data": null}`,
		`{"code": 0, "data": []}`, `{"code": 0, "data": {"results": {}}}`, `{"code": 0, "data": {"results": [{"id": "s3cret"}]}}`,
		`{"code": 0, "data": {"results": ["s3cret"]}}`, `{"code": 1, "data": {"results": [], "total": 0}}`,
		`{"code": 18, "data": null}`, `{"code": "x", "data": {}}`,
	} {
		client, _ := against(t, 200, []byte(answer))
		_, err := client.List(t.Context(), wire.Query{Op: "list"})
		if class := fault.ClassOf(err); class != fault.Protocol && class != fault.Transient {
			t.Errorf("%s: %v", answer, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error repeats what stood there: %v", answer, err)
		}
	}
}

func FuzzList(f *testing.F) {
	for _, name := range []string{"list.json", "list_odd.json", "list_empty.json", "error.json"} {
		f.Add(fixture(f, name))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var e struct {
			Data wire.Listing `json:"data"`
		}
		if json.Unmarshal(body, &e) != nil {
			return
		}
		again, err := json.Marshal(e.Data)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(again, []byte("auth_code")) {
			t.Fatalf("an auth code came through: %s", again)
		}
	})
}
