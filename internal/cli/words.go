package cli

import (
	"strconv"
	"time"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
)

// stamp is a moment in the reader's own time zone.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// relative reads like "3 min ago" and "in 3 min".
func relative(t, now time.Time) string {
	switch d := t.Sub(now); {
	case t.IsZero():
		return "never"
	case d >= time.Second:
		return "in " + server.Span(d)
	case d > -time.Second:
		return "now"
	default:
		return server.Span(-d) + " ago"
	}
}

// grouped writes a number with its thousands apart: 12,345.
func grouped[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// counted is a number with its noun: "1 check", "2 checks".
func counted[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// changedBy is how many records a run changed.
func changedBy(run server.Run) (n int64) {
	for _, key := range []string{state.CountCreated, state.CountUpdated, state.CountDetached, state.CountWroteBack, "reverted"} {
		n += run.Counts[key]
	}
	return n
}

// nounOf is what the records of a sync are.
func nounOf(a *app.App, sync string) string {
	if a.Config.Syncs[sync].Type == "clients" {
		return "client"
	}
	return "domain"
}
