package schedule

import (
	"testing"
	"time"

	"github.com/robfig/cron/v3"
)

// clock reads a moment in Madrid.
func clock(t *testing.T, text string) time.Time {
	t.Helper()
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	if text == "" {
		return time.Time{}
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", text, madrid)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func timing(t *testing.T, text string) cron.Schedule {
	t.Helper()
	if text == "" {
		return nil
	}
	parsed, err := cron.ParseStandard(text)
	if err != nil {
		t.Fatal(err)
	}
	if spec, ok := parsed.(*cron.SpecSchedule); ok {
		spec.Location = clock(t, "2026-01-01 00:00").Location()
	}
	return parsed
}

func TestDue(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ schedule, last, started, now, want string }{
		"no schedule: only by hand":                       {"", "2026-01-01 00:00", "", "2026-05-01 00:00", ""},
		"every so often, never run: at once":              {"@every 24h", "", "2026-05-01 07:00", "2026-05-01 07:00", "2026-05-01 07:00"},
		"every so often, not yet":                         {"@every 24h", "2026-05-01 07:00", "", "2026-05-02 06:59", ""},
		"every so often, just now":                        {"@every 24h", "2026-05-01 07:00", "", "2026-05-02 07:00", "2026-05-02 07:00"},
		"missed slots are made up for once":               {"@every 1h", "2026-05-01 07:00", "", "2026-05-01 12:30", "2026-05-01 12:00"},
		"the clock went back: not due":                    {"@every 1h", "2026-05-01 07:00", "", "2026-05-01 06:00", ""},
		"by the clock, never run: not before its moment":  {"30 3 * * *", "", "2026-05-01 07:00", "2026-05-02 03:29", ""},
		"by the clock, never run: at its next moment":     {"30 3 * * *", "", "2026-05-01 07:00", "2026-05-02 03:31", "2026-05-02 03:30"},
		"by the clock, missed for days: once":             {"30 3 * * *", "2026-05-01 03:30", "", "2026-05-05 12:00", "2026-05-05 03:30"},
		"by the clock, done today":                        {"30 3 * * *", "2026-05-05 03:30", "", "2026-05-05 23:00", ""},
		"spring: an hour that is left out is made up for": {"30 2 * * *", "2026-03-28 02:30", "", "2026-03-29 23:00", "2026-03-29 03:30"},
		"spring: the day after":                           {"30 2 * * *", "2026-03-29 03:30", "", "2026-03-30 02:30", "2026-03-30 02:30"},
		"spring: other hours keep to the clock":           {"30 3 * * *", "2026-03-28 03:30", "", "2026-03-29 03:30", "2026-03-29 03:30"},
		"autumn: an hour that comes twice counts once":    {"30 2 * * *", "2026-10-25 02:30", "", "2026-10-25 23:00", ""},
		"autumn: nor does it come again":                  {"30 2 * * *", "2026-10-25 01:30", "", "2026-10-25 23:00", "2026-10-25 02:30"},
		"autumn: every hour means every hour":             {"0 * * * *", "2026-10-25 01:00", "", "2026-10-25 03:59", "2026-10-25 03:00"},
		"autumn: the day after":                           {"30 2 * * *", "2026-10-25 02:30", "", "2026-10-26 02:30", "2026-10-26 02:30"},
		"autumn: other hours keep to the clock":           {"30 3 * * *", "2026-10-24 03:30", "", "2026-10-25 03:30", "2026-10-25 03:30"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := due(timing(t, tc.schedule), clock(t, tc.last), clock(t, tc.started), clock(t, tc.now))
			if !got.Equal(clock(t, tc.want)) {
				t.Errorf("due %s, want %s", got, clock(t, tc.want))
			}
		})
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ schedule, last, now, want string }{
		"no schedule":                        {"", "", "2026-05-01 07:00", ""},
		"every so often, never run":          {"@every 24h", "", "2026-05-01 07:00", "2026-05-01 07:00"},
		"every so often":                     {"@every 24h", "2026-05-01 07:00", "2026-05-01 09:00", "2026-05-02 07:00"},
		"by the clock, never run":            {"30 3 * * *", "", "2026-05-01 07:00", "2026-05-02 03:30"},
		"by the clock":                       {"30 3 * * *", "2026-05-01 03:30", "2026-05-01 07:00", "2026-05-02 03:30"},
		"by the clock, in the hour left out": {"30 2 * * *", "2026-03-28 02:30", "2026-03-28 07:00", "2026-03-29 03:30"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Next(timing(t, tc.schedule), clock(t, tc.last), clock(t, tc.now)); !got.Equal(clock(t, tc.want)) {
				t.Errorf("next %s, want %s", got, clock(t, tc.want))
			}
		})
	}
}

func TestWhetherAListingIsToBeBelieved(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rows, before int
		want         string
	}{
		"the first one always":       {0, 0, ""},
		"an empty one never after":   {0, 10, "the listing is empty"},
		"one that grew":              {12, 10, ""},
		"one that shrank by a fifth": {8, 10, ""},
		"one that shrank by more":    {79, 100, "the listing shrank"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := implausible(tc.rows, tc.before, 20); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestTheGuardsLimit(t *testing.T) {
	t.Parallel()
	g := Guard{Min: 5, Percent: 1}
	for records, want := range map[int64]int{0: 5, 499: 5, 500: 5, 501: 6, 10_000: 100} {
		if got := g.Limit(records); got != want {
			t.Errorf("%d records: %d, want %d", records, got, want)
		}
	}
}

func TestWhenAFullListingIsWanted(t *testing.T) {
	t.Parallel()
	now := clock(t, "2026-05-02 03:30")
	for last, want := range map[string]bool{"": true, "2026-05-01 03:30": true, "2026-05-01 03:45": true, "2026-05-01 06:00": false} {
		if got := wantsFull(24*time.Hour, clock(t, last), now); got != want {
			t.Errorf("last full listing %q: %v, want %v", last, got, want)
		}
	}
}

func TestAnHourThatComesTwice(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC) // 02:30 in Madrid, and an hour later it is 02:30 again
	for name, tc := range map[string]struct {
		schedule string
		want     time.Time
	}{
		"counts once for a schedule that names it": {"30 2 * * *", first.Add(25 * time.Hour)},
		"counts twice for one of every hour":       {"30 * * * *", first.Add(time.Hour)},
		"and for an interval":                      {"@every 30m", first.Add(30 * time.Minute)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Next(timing(t, tc.schedule), first, first); !got.Equal(tc.want) {
				t.Errorf("after the first comes %s, want %s", got, tc.want)
			}
		})
	}
	t.Run("a schedule looked at in the second one does not fall back", func(t *testing.T) {
		t.Parallel()
		at := first.Add(40 * time.Minute)
		if got := Next(timing(t, "30 2 * * *"), at, at); !got.After(at) {
			t.Errorf("next %s is before %s", got, at)
		}
	})
}
