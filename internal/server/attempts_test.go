package server

import (
	"fmt"
	"testing"
	"time"
)

func TestAttemptsForgetOldPeers(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	a := newAttempts(func() time.Time { return now })
	for i := range 5 * attemptPrune {
		a.take(fmt.Sprint(i))
	}
	now = now.Add(attemptWindow)
	a.take("newcomer")
	if len(a.seen) != 1 {
		t.Errorf("%d peers are remembered after their minute", len(a.seen))
	}
}

func TestAttemptsTellHowLongToWait(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	a := newAttempts(func() time.Time { return now })
	for range attemptLimit {
		if wait := a.take("peer"); wait != 0 {
			t.Fatalf("stopped too early, for %s", wait)
		}
	}
	now = now.Add(20 * time.Second)
	if wait := a.take("peer"); wait != 40*time.Second {
		t.Errorf("got %s", wait)
	}
}
