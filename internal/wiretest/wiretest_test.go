package wiretest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/simkit"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "k3y/with+odd=signs"

// The kit is tried on a client of two calls: what every vendor is made of must pass it as it stands.
func TestAPlainClientPasses(t *testing.T) {
	t.Parallel()
	wiretest.Run(t, func(t testing.TB, s wiretest.Setup) wiretest.Target {
		server := startNotes(t)
		client := open(t, server.URL(), s)
		missing := map[int]fault.Class{404: fault.NotFound}
		return wiretest.Target{Wire: wiretest.Sim(server, "write_note"), Secrets: []string{secret}, Acts: []wiretest.Act{
			{Name: "Read", Do: read(client), Classes: missing}, {Name: "Write", Do: write(client), Classes: missing},
		}}
	})
}

func TestSimHitsWritesOnlyWhenAskedTo(t *testing.T) {
	t.Parallel()
	server := startNotes(t)
	client := open(t, server.URL(), wiretest.Setup{})
	wire := wiretest.Sim(server, "write_note")
	for _, tc := range []struct {
		fault       wiretest.Fault
		read, write fault.Class
	}{
		{wiretest.Fault{Kind: wiretest.CutAfter, Writes: true}, "", fault.Transient},
		{wiretest.Fault{Kind: wiretest.CutAfter}, fault.Transient, fault.Transient},
		{wiretest.Fault{}, "", ""},
	} {
		wire.Fail(tc.fault)
		readClass, writeClass := fault.ClassOf(read(client)(t.Context())), fault.ClassOf(write(client)(t.Context()))
		if readClass != tc.read || writeClass != tc.write {
			t.Errorf("%+v: read %q, write %q", tc.fault, readClass, writeClass)
		}
	}
}

// startNotes starts a simulator of one note that can be read and written.
func startNotes(t testing.TB) *simkit.Server {
	t.Helper()
	server := simkit.New(simkit.API{Route: func(r *http.Request) (string, func() simkit.Answer) {
		if !strings.HasPrefix(r.URL.Path, "/note") {
			return "", nil
		}
		name := map[string]string{"GET": "read_note", "POST": "write_note"}[r.Method]
		return name, func() simkit.Answer {
			return simkit.JSON(http.StatusOK, map[string]string{"text": "remember the milk"})
		}
	}}, simkit.Options{})
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func open(t testing.TB, url string, s wiretest.Setup) *httpx.Client {
	t.Helper()
	client, err := httpx.New(httpx.Config{
		Account: "notes", BaseURL: url, Header: http.Header{"X-Key": {secret}}, Secrets: []string{secret},
		Timeout: s.Timeout, InFlight: s.InFlight, Limiter: s.Limiter,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func read(client *httpx.Client) func(context.Context) error {
	return func(ctx context.Context) error {
		var note struct{ Text string }
		_, err := client.Do(ctx, httpx.Request{Op: "read note", Call: "read", Path: "/note", Out: &note})
		return err
	}
}

func write(client *httpx.Client) func(context.Context) error {
	return func(ctx context.Context) error {
		var note struct{ Text string }
		body := map[string]string{"text": "remember the bread"}
		_, err := client.Do(ctx, httpx.Request{Op: "write note", Call: "write", Method: http.MethodPost, Path: "/note", Body: body, Out: &note})
		return err
	}
}
