package schedule

import (
	"testing"
	"time"
)

func TestFreshnessIsForeseen(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for what, tc := range map[string]struct {
		pace Pace
		want time.Duration
	}{
		"passes follow their schedule":           {Pace{LastEnd: ago(time.Hour), Took: time.Minute, Next: now.Add(5*time.Hour - time.Minute)}, 6 * time.Hour},
		"the next one is overdue":                {Pace{LastEnd: ago(9 * time.Hour), Took: time.Minute, Next: ago(3 * time.Hour)}, 9*time.Hour + time.Minute},
		"by hand only":                           {Pace{LastEnd: ago(9 * time.Hour)}, 9 * time.Hour},
		"a quarter of one is done after an hour": {Pace{LastEnd: ago(7 * time.Hour), Began: ago(time.Hour), Done: 25, Total: 100}, 10 * time.Hour},
		"one has just begun":                     {Pace{LastEnd: ago(6 * time.Hour), Began: now, Total: 100}, 6 * time.Hour},
		"the first one is half done":             {Pace{Began: ago(time.Hour), Done: 50, Total: 100}, 2 * time.Hour},
		"nothing has ever run":                   {Pace{Next: now}, 0},
		"a pass takes 30 runs":                   {Pace{LastEnd: ago(time.Hour), Took: time.Minute, Next: now.Add(5 * time.Hour), Parts: 30, Every: 6 * time.Hour}, 180 * time.Hour},
		"one is done but for its end":            {Pace{LastEnd: ago(time.Hour), Began: ago(time.Minute), Done: 100, Total: 100}, time.Hour},
	} {
		if got := Freshness(tc.pace, now); got != tc.want {
			t.Errorf("%s: %s, want %s", what, got, tc.want)
		}
	}
}

func TestAPromiseIsKeptToTheMinute(t *testing.T) {
	t.Parallel()
	for gap, want := range map[time.Duration]bool{time.Hour: true, 6*time.Hour + time.Minute: true, 6*time.Hour + 20*time.Minute: false} {
		if Keeps(6*time.Hour, gap) != want {
			t.Errorf("%s between two looks: kept %v", gap, !want)
		}
	}
}
