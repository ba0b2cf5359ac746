package cli

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/server"
)

func TestRelativeTimesReadWell(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		at   time.Time
		want string
	}{
		{time.Time{}, "never"},
		{now, "now"},
		{now.Add(-500 * time.Millisecond), "now"},
		{now.Add(-3 * time.Second), "3 s ago"},
		{now.Add(-90 * time.Second), "1 min ago"},
		{now.Add(90 * time.Minute), "in 1 h"},
		{now.Add(72 * time.Hour), "in 3 days"},
	} {
		if got := relative(tc.at, now); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.at, got, tc.want)
		}
	}
}

// An offset of 0 means two things: nothing is under way, or nothing of it is settled yet. A dry run does not move it.
func TestTheOffsetOfAPassThatHasJustBegunIsNotBetweenPasses(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]server.SyncStatus{
		"0, between passes; 9 records":                     {Total: 9},
		"0, the first batch is not settled yet; 9 records": {Total: 9, Current: &server.Run{}},
		"0, between passes; 8 records":                     {Total: 8, Current: &server.Run{Notify: true}},
		"0, between passes; 1 record":                      {Total: 1},
		"id 250; 9 records":                                {Total: 9, Offset: 250, Current: &server.Run{}},
	} {
		if got := offsetWords(s); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestACommandThatASignalBreaksOffSaysSo(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for want, args := range map[string][]string{
		"whmcsync: stopped before the end\n": {"check", "--health", "http://127.0.0.1:1/healthz"},
		"whmcsync: unknown flag: --nonsense": {"check", "--nonsense"},
	} {
		var out strings.Builder
		if code := run(ctx, args, io.Discard, &out); code == exitDone || !strings.HasPrefix(out.String(), want) {
			t.Errorf("%v: code %d, %q, want %q", args, code, out.String(), want)
		}
	}
}

func TestNumbersAreGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -100: "-100", -1000: "-1,000"} {
		if got := grouped(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
	if got := counted(1, "check") + ", " + counted(0, "check"); got != "1 check, 0 checks" {
		t.Errorf("got %q", got)
	}
}

func TestAPageKnowsWhetherThereAreMore(t *testing.T) {
	t.Parallel()
	same := func(id int64) int64 { return id }
	for name, tc := range map[string]struct {
		limit int
		rows  []int64
		shown int
		next  int64
	}{
		"all of it":         {0, []int64{9, 8, 7}, 3, 0},
		"exactly a page":    {3, []int64{9, 8, 7}, 3, 0},
		"one more":          {2, []int64{9, 8, 7}, 2, 8},
		"nothing":           {2, nil, 0, 0},
		"less than a page":  {5, []int64{9}, 1, 0},
		"a page of one row": {1, []int64{9, 8}, 1, 9},
	} {
		shown, next := cut(paging{limit: tc.limit}, tc.rows, same)
		if len(shown) != tc.shown || next != tc.next {
			t.Errorf("%s: %d rows, next %d", name, len(shown), next)
		}
	}
}

// A test's output is no terminal, so that what is shown to one is tried here.
func TestMarksAreColouredForAPersonOnly(t *testing.T) {
	t.Parallel()
	found := []app.Finding{{Name: "redis", Subject: "queue", Result: app.ResultFailed, Detail: "away", Hint: "start it"}}
	for _, colours := range []bool{true, false} {
		var out bytes.Buffer
		printChecks(&out, found, colours)
		if got := bytes.Contains(out.Bytes(), []byte("\x1b[31m")); got != colours {
			t.Errorf("colours %v: red %v", colours, got)
		}
	}
	if colourful(&bytes.Buffer{}) {
		t.Error("a buffer is no person")
	}
}
