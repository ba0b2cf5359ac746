package queue_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/tasks"
)

func TestOutcomeOf(t *testing.T) {
	t.Parallel()
	of := func(class fault.Class, retryAfter time.Duration) error {
		return fmt.Errorf("batch 7: %w", &fault.Error{Class: class, Account: "news", Op: "upsert", RetryAfter: retryAfter})
	}
	gaveUp := queue.Outcome{Verdict: queue.GaveUp, Counted: true}
	first := queue.Outcome{Verdict: queue.Again, Retry: true, Counted: true, After: time.Second, Spread: 4 * time.Second}
	later := func(after time.Duration) queue.Outcome {
		return queue.Outcome{Verdict: queue.Later, Retry: true, After: after, Spread: after / 10}
	}
	for _, tc := range []struct {
		name string
		err  error
		want queue.Outcome
	}{
		{"no error is done", nil, queue.Outcome{Verdict: queue.Done}},
		{"transient is tried again", of(fault.Transient, 0), first},
		{"a broken answer is tried again", of(fault.Protocol, 0), first},
		{"an error nobody classified is tried again", errors.New("boom"), first},
		{"a timeout is tried again", context.DeadlineExceeded, first},
		{"rate limited comes back when it was told to and is not counted", of(fault.RateLimited, time.Minute), later(time.Minute)},
		{"held comes back when it was told to and is not counted", of(fault.Held, time.Hour), later(time.Hour)},
		{"a wait nobody named is a second", of(fault.RateLimited, 0), later(time.Second)},
		{"a newer payload is handed back for 30 s", fmt.Errorf("decode: %w", &tasks.NewerError{V: 9}), later(30 * time.Second)},
		{"refused credentials are never tried again", of(fault.Auth, 0), gaveUp},
		{"not found is never tried again", of(fault.NotFound, 0), gaveUp},
		{"rejected is never tried again", of(fault.Rejected, 0), gaveUp},
		{"refused is never tried again", of(fault.Refused, 0), gaveUp},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, queue.OutcomeOf(tc.err, 0)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	t.Run("doubles from 5 s to 15 minutes and stays there", func(t *testing.T) {
		t.Parallel()
		var got []time.Duration
		for _, retried := range []int{0, 1, 2, 7, 8, 63, 1000} {
			o := queue.OutcomeOf(errors.New("boom"), retried)
			got = append(got, o.After+o.Spread)
		}
		s := time.Second
		want := []time.Duration{5 * s, 10 * s, 20 * s, 640 * s, 900 * s, 900 * s, 900 * s}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("goes by the attempts counted in Postgres when they are given", func(t *testing.T) {
		t.Parallel()
		err := fmt.Errorf("batch 7: %w", &queue.Attempt{N: 3, Err: fault.New(fault.Protocol, "news", "list", "HTML")})
		want := queue.OutcomeOf(errors.New("boom"), 2)
		if diff := cmp.Diff(want, queue.OutcomeOf(err, 0)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("keeps the class of what it wraps", func(t *testing.T) {
		t.Parallel()
		err := &queue.Attempt{N: 3, Err: fault.New(fault.Rejected, "news", "upsert", "no")}
		if got := queue.OutcomeOf(err, 0); got.Verdict != queue.GaveUp {
			t.Errorf("got %+v", got)
		}
	})
}

func TestDelayStaysInItsWindow(t *testing.T) {
	t.Parallel()
	classes := []fault.Class{fault.Transient, fault.Protocol, fault.RateLimited, fault.Held}
	rapid.Check(t, func(t *rapid.T) {
		wait := time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "wait"))
		err := &fault.Error{Class: rapid.SampledFrom(classes).Draw(t, "class"), RetryAfter: wait}
		o := queue.OutcomeOf(err, rapid.IntRange(0, 2000).Draw(t, "retried"))
		delay := o.Delay()
		if delay < time.Second || delay < o.After || delay > o.After+o.Spread {
			t.Fatalf("%s outside of %s + %s", delay, o.After, o.Spread)
		}
		if o.Verdict == queue.Later && delay < wait {
			t.Fatalf("%s is sooner than asked for (%s)", delay, wait)
		}
	})
}

func ExampleOutcomeOf() {
	err := &fault.Error{Class: fault.RateLimited, Account: "news", Op: "upsert", RetryAfter: time.Minute}
	outcome := queue.OutcomeOf(err, 0)
	fmt.Println(outcome.Verdict, outcome.After, "counted:", outcome.Counted)
	// Output: later 1m0s counted: false
}
