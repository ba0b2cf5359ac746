package rdap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

func file(base string) []byte {
	return fmt.Appendf(nil, `{"version": "1.0", "services": [[["com", "deep.co.uk"], ["http://plain.test/", %q]], [["uk"], ["https://uk.test/"]]]}`, base)
}

func TestTheServerOfAName(t *testing.T) {
	t.Parallel()
	d := &directory{turn: make(chan struct{}, 1), clock: time.Now, read: func(context.Context) ([]byte, error) { return file("https://secure.test/v1/"), nil }}
	for name, want := range map[registrar.Name]string{
		"example.com": "https://secure.test/v1/", "example.co.uk": "https://uk.test/", "a.deep.co.uk": "https://secure.test/v1/", "example.zz": "",
	} {
		got, err := d.server(t.Context(), name)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestTheCompiledInFileCanBeReadAndKnowsTheGreatExtensions(t *testing.T) {
	t.Parallel()
	d, err := newDirectory(Embedded, nil, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, extension := range []string{"com", "net", "org", "info", "biz", "app", "xyz", "uk", "nl", "fr"} {
		if got, err := d.server(t.Context(), registrar.Name("example."+extension)); err != nil || !strings.HasPrefix(got, "https://") {
			t.Errorf("%s: %q, %v", extension, got, err)
		}
	}
	for extension, urls := range d.known.File().Entries {
		if extension != strings.ToLower(extension) || len(urls) == 0 {
			t.Errorf("%q: %v", extension, urls)
		}
	}
}

func TestTheCompiledInFileIsWholeAndAsOldAsItIsSaidToBe(t *testing.T) {
	t.Parallel()
	d, err := newDirectory(Embedded, nil, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(d.known.File().Entries); n < 1000 {
		t.Errorf("it lists %d extensions; IANA's own lists more than 1,000", n)
	}
	var said struct{ Publication time.Time }
	if err := json.Unmarshal(embedded, &said); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"doc.go", "../../../docs/registrars/rdap.md"} {
		raw, err := os.ReadFile(page)
		if day := said.Publication.Format(time.DateOnly); err != nil || !strings.Contains(string(raw), day) {
			t.Errorf("%s does not say that it is of %s: %v", page, day, err)
		}
	}
}

func TestABootstrapFileIsReadAgainWhenItHasBecomeOld(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	reads, next, failure := 0, "https://first.test/", error(nil)
	d := &directory{every: 24 * time.Hour, turn: make(chan struct{}, 1), clock: func() time.Time { return now }}
	d.read = func(context.Context) ([]byte, error) { reads++; return file(next), failure }
	ask := func(wantReads int, want string) {
		t.Helper()
		got, err := d.server(t.Context(), "example.com")
		if err != nil || got != want || reads != wantReads {
			t.Errorf("%q, %v after %d reads; want %q after %d", got, err, reads, want, wantReads)
		}
	}
	ask(1, "https://first.test/")
	next, now = "https://second.test/", now.Add(23*time.Hour)
	ask(1, "https://first.test/")
	failure, now = errors.New("no network"), now.Add(time.Hour)
	ask(2, "https://first.test/")
	ask(2, "https://first.test/")
	failure, now = nil, now.Add(time.Hour)
	ask(3, "https://second.test/")
}

func TestABootstrapFileThatCannotBeReadAtAllIsAnError(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"no JSON": "<html>", "no services": `{"version": "1.0"}`, "services of another kind": `{"services": [[["com"]]]}`,
	} {
		d := &directory{turn: make(chan struct{}, 1), clock: time.Now, read: func(context.Context) ([]byte, error) { return []byte(raw), nil }}
		if got, err := d.server(t.Context(), "example.com"); err == nil {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestAFileOfOnesOwn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "dns.json")
	if _, err := New(Config{Bootstrap: path}); err == nil {
		t.Error("a file that is not there was taken")
	}
	if err := os.WriteFile(path, file("https://own.test/"), 0o600); err != nil {
		t.Fatal(err)
	}
	registry, err := New(Config{Bootstrap: path})
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	if got, err := registry.servers.server(t.Context(), "example.com"); err != nil || got != "https://own.test/" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAWaitForTheBootstrapFileEndsWhenCancelled(t *testing.T) {
	t.Parallel()
	d := &directory{turn: make(chan struct{}, 1)}
	d.turn <- struct{}{} // somebody else is reading it
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.server(ctx, "example.com"); !fault.Is(err, fault.Held) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCallsToAllServersTogetherStayWithinTheLimit(t *testing.T) {
	t.Parallel()
	s := together(1, nil)
	release, err := s.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Wait(ctx); !fault.Is(err, fault.Held) {
		t.Errorf("a second call: %v", err)
	}
	release()
	again, err := s.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestWrongConfigurations(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]Config{
		"base_url must use https":    {BaseURL: "http://rdap.example.test"},
		"base_url must look like":    {BaseURL: "rdap.example.test"},
		"must use https: plain http": {Bootstrap: "http://data.example.test/dns.json"},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
