package config_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/whmcsync/whmcsync/internal/config"
)

// FuzzParse holds that no file crashes us, and that whatever is refused is refused with a place, on one line each.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{minimal, "log: {level: info", "a: &x [*x]", "? a\n: b", "%YAML 1.2\n---\n", "state_dir: |\n  ${", with("log.level", "5")} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := config.Parse("f", data, environment(nil), files(nil))
		if err == nil {
			return
		}
		problems, ok := errors.AsType[*config.Problems](err)
		if !ok || len(problems.List) == 0 {
			t.Fatalf("%T without a place: %v", err, err)
		}
		for _, p := range problems.List {
			if p.Line < 1 || p.Column < 1 || p.Text == "" {
				t.Errorf("no place: %+v", p)
			}
		}
		if lines := strings.Count(err.Error(), "\n") + 1; lines != len(problems.List) {
			t.Errorf("%d problems on %d lines:\n%v", len(problems.List), lines, err)
		}
	})
}

func TestASpanThatIsShownReadsBackAsItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := time.Duration(rapid.Int64Range(0, int64(36500*24*time.Hour)).Draw(t, "nanoseconds"))
		if got, err := config.ParseSpan(config.ShowSpan(want)); err != nil || got != want {
			t.Fatalf("%s was read as %s, %v", config.ShowSpan(want), got, err)
		}
	})
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"90d": 90 * 24 * time.Hour, "1d12h": 36 * time.Hour, "0": 0, "0d": 0, " 30s ": 30 * time.Second, "1h30m": 90 * time.Minute,
	} {
		if got, err := config.ParseSpan(text); err != nil || got != want {
			t.Errorf("%q = %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "-1d", "1.5d", "1d-2h", "1d2", "36501d", "99999999999999999999d", "1d2d", "5"} {
		if got, err := config.ParseSpan(text); err == nil {
			t.Errorf("%q was read as %s", text, got)
		}
	}
}
