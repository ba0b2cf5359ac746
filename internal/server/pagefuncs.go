package server

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pageFuncs is what the templates can call. All of them are pure.
var pageFuncs = template.FuncMap{
	"ago":     ago,
	"until":   until,
	"stamp":   stamp,
	"number":  number,
	"took":    took,
	"chips":   chips[int],
	"results": Results,
	"words":   func(s string) string { return strings.ReplaceAll(s, "_", " ") },
	"rate":    func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) },
	"totals":  totals,
	"isPast":  func(t, now time.Time) bool { return !t.After(now) },
	"noun":    noun,
}

// ago reads like "3 min ago".
func ago(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	if d := now.Sub(t); d >= time.Second {
		return Span(d) + " ago"
	}
	return "just now"
}

// until reads like "in 3 min".
func until(t, now time.Time) string {
	if d := t.Sub(now); d >= time.Second {
		return "in " + Span(d)
	}
	return "due now"
}

// Span writes a length of time rounded to what a person wants to know: "3 min".
func Span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
}

// stamp is the full moment, for titles.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// number groups the digits of an int or int64: 12,345. (Templates do not convert between the two.)
func number(n any) string {
	digits := fmt.Sprint(n)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// took is how long a run lasted, or lasts so far.
func took(r Run, now time.Time) string {
	if r.Started.IsZero() {
		return ""
	}
	end := r.Finished
	if end.IsZero() {
		end = now
	}
	if d := end.Sub(r.Started); d >= time.Second {
		return Span(d)
	}
	return "under 1 s"
}

// chip is a word with a number.
type chip struct {
	Name  string
	Count int64
}

// chips sorts a map of numbers by name and leaves zeros out.
func chips[N int | int64](counts map[string]N) []chip {
	out := make([]chip, 0, len(counts))
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if counts[name] != 0 {
			out = append(out, chip{Name: name, Count: int64(counts[name])})
		}
	}
	return out
}

// sums is the line of tiles above the syncs.
type sums struct {
	Running  int
	Failures int
	Held     int
	Paused   int
	Pending  int
}

func totals(status Status) sums {
	var t sums
	queues := map[string]bool{}
	for _, s := range status.Syncs {
		if s.State == StateRunning {
			t.Running++
		}
		if s.Pause != nil || s.AccountOff != nil {
			t.Paused++
		}
		for _, n := range s.Failures {
			t.Failures += n
		}
		for _, h := range s.Held {
			t.Held += h.Changes
		}
		if !queues[s.Queue.Name] { // syncs of one account share its queue
			queues[s.Queue.Name] = true
			t.Pending += s.Queue.Pending
		}
	}
	return t
}

func noun(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
