package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/fault"
)

// Result is how a check came out.
type Result string

// The results. A warning does not keep anything from working.
const (
	ResultOK      Result = "ok"
	ResultWarning Result = "warning"
	ResultFailed  Result = "failed"
)

// Finding is what one check found. The JSON keys are stable. No field holds a secret.
type Finding struct {
	Name    string `json:"name"`    // config | state_dir | postgres | redis | mail | source | account | sync
	Subject string `json:"subject"` // which one; a setting (config), a name (source, account, sync)
	Result  Result `json:"result"`
	Detail  string `json:"detail"`
	Hint    string `json:"hint,omitempty"` // the way out
}

const (
	checkTime    = 15 * time.Second // of one check
	embeddedTime = 90 * time.Second // of starting a PostgreSQL of our own, which may have to be fetched and set up
	skewNoticed  = 5 * time.Second
	skewTooMuch  = 5 * time.Minute // hooks with an older signature are refused
)

// Check proves everything that a configuration rests on and changes nothing outside: servers, schema, columns, grants,
// credentials, groups, clocks. It leaves no file that was not there before. Every check runs, whatever becomes of the
// others; the order of the findings is always the same.
func Check(ctx context.Context, cfg config.Config, opts Options) []Finding {
	c := &checker{App: newApp(cfg, opts)}
	defer c.Close()
	found := slices.Concat(c.warnings(), c.stateDir(), c.postgres(ctx), c.queue(ctx))
	var outside []func(context.Context) []Finding
	if cfg.Mail.Host != "" {
		outside = append(outside, c.mailServer)
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Sources)) {
		outside = append(outside, func(ctx context.Context) []Finding { return c.source(ctx, name) })
		if cfg.Sources[name].API.URL != "" {
			outside = append(outside, func(ctx context.Context) []Finding { return c.sourceAPI(ctx, name) })
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Accounts)) {
		outside = append(outside, c.lookAt(name))
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Syncs)) {
		outside = append(outside, func(ctx context.Context) []Finding { return c.sync(ctx, name) })
	}
	return append(found, together(ctx, outside)...)
}

// checker is an application of which anything may be missing.
type checker struct {
	*App
	current bool // the schema is there and can be asked
}

// together runs checks at the same time, each bounded, and keeps their findings in order.
func together(ctx context.Context, checks []func(context.Context) []Finding) []Finding {
	found := make([][]Finding, len(checks))
	var group sync.WaitGroup
	for i, check := range checks {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, checkTime)
			defer cancel()
			found[i] = check(ctx)
		})
	}
	group.Wait()
	return slices.Concat(found...)
}

// subject makes the findings of one thing.
type subject struct{ name, subject string }

func (s subject) ok(format string, args ...any) Finding {
	return Finding{Name: s.name, Subject: s.subject, Result: ResultOK, Detail: fmt.Sprintf(format, args...)}
}

func (s subject) warning(hint, format string, args ...any) Finding {
	return Finding{Name: s.name, Subject: s.subject, Result: ResultWarning, Detail: fmt.Sprintf(format, args...), Hint: hint}
}

func (s subject) failed(hint, format string, args ...any) Finding {
	return Finding{Name: s.name, Subject: s.subject, Result: ResultFailed, Detail: fmt.Sprintf(format, args...), Hint: hint}
}

// broken is a failed finding of an error, on one line. Without a hint it is the error's own advice.
func (s subject) broken(hint string, err error) Finding {
	if errors.Is(err, context.DeadlineExceeded) {
		return s.failed(hint, "no answer within %s", checkTime)
	}
	text, advice := fault.Advice(err)
	return s.failed(cmp.Or(hint, advice), "%s", strings.Join(strings.Fields(text), " "))
}

func (c *checker) warnings() []Finding {
	var found []Finding
	for _, warning := range config.Warnings(c.Config) {
		setting, text, _ := strings.Cut(warning, ": ")
		found = append(found, subject{"config", setting}.warning("", "%s", text))
	}
	return found
}

// stateDir proves that the servers of our own have a place for their data; without them nothing is written there.
func (c *checker) stateDir() []Finding {
	if c.Config.Postgres.URL.Reveal() != config.Embedded && c.Config.Redis.URL.Reveal() != config.Embedded {
		return nil
	}
	s := subject{"state_dir", c.Config.StateDir}
	c.onClose(removeEmpty(missing(c.Config.StateDir)))
	if err := writable(c.Config.StateDir); err != nil {
		return []Finding{s.failed("name another folder in state_dir, or let this user write to it", "%v", err)}
	}
	return []Finding{s.ok("can be written")}
}

// missing are dir and the folders above it that do not exist, the innermost first.
func missing(dir string) []string {
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return append([]string{dir}, missing(filepath.Dir(dir))...)
}

// removeEmpty removes folders, except those into which somebody has put something.
func removeEmpty(dirs []string) func() {
	return func() {
		for _, dir := range dirs {
			_ = os.Remove(dir)
		}
	}
}

func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	probe, err := os.CreateTemp(dir, ".check-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}
