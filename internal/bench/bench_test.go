package bench_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/bench"
	"github.com/whmcsync/whmcsync/internal/services"
)

// options are those of a benchmark that looks at what is measured, not at how fast it was.
func options(t *testing.T, records ...int) bench.Options {
	dir := t.TempDir()
	return bench.Options{
		Dir: filepath.Join(dir, "bench"), Records: records, Program: build(t, dir), Version: "test", Log: zerolog.Nop(),
		Say: t.Output(), Rounds: 1, Hooks: 3, Load: 200 * time.Millisecond, Gentle: true,
	}
}

// measured are the keys of what a benchmark measured, sorted.
func measured(t *testing.T, report bench.Report, err error) []string {
	t.Helper()
	if errors.Is(err, services.ErrNotInstalled) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, m := range report.Results {
		keys = append(keys, m.Key)
		if m.Value <= 0 && m.Key != "rate_429" {
			t.Errorf("%s is %g", m.Key, m.Value)
		}
	}
	slices.Sort(keys)
	return keys
}

func TestATinyBenchmarkOfClientsReportsEverything(t *testing.T) {
	t.Parallel()
	report, err := bench.Clients(t.Context(), options(t, 200, 400))
	want := []string{
		"addon", "calls_changed", "calls_first_load_200", "calls_first_load_400", "changed_200", "changed_400",
		"first_load_200", "first_load_400", "hook_p50", "hook_p99", "memory_growth_scheduler", "memory_growth_worker",
		"memory_scheduler_200", "memory_scheduler_400", "memory_worker_200", "memory_worker_400", "rate_429", "rate_use",
		"steady_200_by_250", "steady_200_by_50", "steady_400_by_250", "steady_400_by_50", "time_growth",
	}
	if diff := cmp.Diff(want, measured(t, report, err)); diff != "" {
		t.Error(diff)
	}
	hasKeys(t, report, "machine", "began", "seconds", "records", "durable", "results")
	hasKeys(t, report.Machine, "cpu", "cores", "memory_mb", "system", "go", "program", "postgres", "mariadb", "redis")
	hasKeys(t, report.Results[0], "key", "what", "unit", "value")
}

func TestATinyBenchmarkOfDomainsReportsEverything(t *testing.T) {
	t.Parallel()
	report, err := bench.Domains(t.Context(), options(t, 200, 400))
	want := []string{
		"calls_unchanged_200", "calls_unchanged_400", "changed_200", "changed_400", "compare_200_by_200",
		"compare_200_by_50", "compare_400_by_200", "compare_400_by_50", "first_pass_200", "first_pass_400",
		"hook_p50", "hook_p99", "memory_growth_scheduler", "memory_growth_worker", "memory_scheduler_200",
		"memory_scheduler_400", "memory_worker_200", "memory_worker_400", "rate_429", "rate_use", "serial",
		"steady_200_by_200", "steady_200_by_50", "steady_400_by_200", "steady_400_by_50", "time_growth",
	}
	if diff := cmp.Diff(want, measured(t, report, err)); diff != "" {
		t.Error(diff)
	}
	for _, m := range report.Results {
		if strings.HasPrefix(m.Key, "calls_unchanged") && (m.Value != 1 || !*m.Met || m.Goal != "at most 1 calls") {
			t.Errorf("a pass over a page of domains: %+v", m)
		}
	}
}

// build makes the program whose roles are measured.
func build(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(dir, "whmcsync")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/whmcsync")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// hasKeys holds the names that programs read.
func hasKeys(t *testing.T, value any, names ...string) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !bytes.Contains(text, []byte(`"`+name+`":`)) {
			t.Errorf("the JSON has no %q", name)
		}
	}
}

func TestMeasurementsReadWell(t *testing.T) {
	t.Parallel()
	cases := map[string]bench.Measurement{
		"1,234,568 records/s": {Value: 1234567.6, Unit: "records/s"},
		"999 ms":              {Value: 998.6, Unit: "ms"},
		"0.123 s":             {Value: 0.12345, Unit: "s"},
		"8 calls":             {Value: 8, Unit: "calls"},
	}
	for want, measurement := range cases {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, measurement.Text()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
