package maillisttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
)

// act is one call of the port.
type act struct {
	name string
	do   func(ctx context.Context, list maillist.Destination) error
}

func acts() []act {
	e := plain("person000@example.test", GroupA)
	return []act{
		{"ListPage", func(ctx context.Context, l maillist.Destination) error { _, err := l.ListPage(ctx, ""); return err }},
		{"Find", func(ctx context.Context, l maillist.Destination) error { _, err := l.Find(ctx, e.Email); return err }},
		{"Upsert", func(ctx context.Context, l maillist.Destination) error {
			_, err := l.Upsert(ctx, wanted(e.Email, GroupA))
			return err
		}},
		{"Detach", func(ctx context.Context, l maillist.Destination) error {
			_, err := l.Detach(ctx, e, []maillist.GroupID{GroupA})
			return err
		}},
	}
}

// classes says which class every status must have. 404 means that the account itself is not there, never that a
// person is not.
func classes() map[int]fault.Class {
	table := map[int]fault.Class{
		301: fault.Protocol, 302: fault.Protocol, 304: fault.Protocol, 307: fault.Protocol,
		401: fault.Auth, 403: fault.Auth, 404: fault.Protocol, 408: fault.Transient, 425: fault.Transient, 429: fault.RateLimited,
	}
	for _, status := range []int{400, 402, 405, 406, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 426, 428, 431, 451} {
		table[status] = fault.Rejected
	}
	for _, status := range []int{500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 522, 524, 599} {
		table[status] = fault.Transient
	}
	return table
}

func (k kit) faults(t *testing.T) {
	t.Parallel()
	for _, a := range acts() {
		t.Run(a.name+" gives every status its class", func(t *testing.T) { k.everyStatus(t, a) })
		t.Run(a.name+" gives every fault its class", func(t *testing.T) { k.everyFault(t, a) })
		t.Run(a.name+" ends soon when cancelled", func(t *testing.T) { k.cancelled(t, a) })
		t.Run(a.name+" waits as long as the list asks", func(t *testing.T) { k.retryAfter(t, a) })
	}
	t.Run("a slow body within the time limit is read", k.slowBody)
	t.Run("a write that was cut off after it was done can be repeated", k.cutAfterWrite)
}

func (k kit) everyStatus(t *testing.T, a act) {
	t.Parallel()
	h := k.open(t)
	for status, class := range classes() {
		h.Wire.Fail(Fault{Kind: FaultStatus, Status: status})
		err := a.do(t.Context(), h.List)
		if fault.ClassOf(err) != class {
			t.Errorf("HTTP %d: class %q, want %q: %v", status, fault.ClassOf(err), class, err)
		}
		noSecret(t, h, err)
	}
}

func (k kit) everyFault(t *testing.T, a act) {
	t.Parallel()
	h := k.factory(t, Setup{PageSize: pageSize, InFlight: 4, Timeout: 300 * time.Millisecond})
	for kind, class := range map[Kind]fault.Class{
		FaultHTML: fault.Protocol, FaultBadJSON: fault.Protocol, FaultTruncated: fault.Protocol,
		FaultCut: fault.Transient, FaultCutAfter: fault.Transient, FaultNothing: fault.Transient,
		FaultSlow: fault.Transient, FaultLatency: fault.Transient,
	} {
		h.Other.Seed(people(1)...)
		h.Wire.Fail(Fault{Kind: kind, Delay: 20 * time.Second})
		err := a.do(t.Context(), h.List)
		if fault.ClassOf(err) != class {
			t.Errorf("%s: class %q, want %q: %v", kind, fault.ClassOf(err), class, err)
		}
		noSecret(t, h, err)
	}
}

func noSecret(t *testing.T, h Harness, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, secret := range h.Secrets {
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
			if strings.Contains(text, secret) {
				t.Errorf("an error holds a secret: %s", text)
			}
		}
	}
	if strings.Contains(err.Error(), "?") && strings.Contains(err.Error(), "http") {
		t.Errorf("an error holds a URL with its query: %v", err)
	}
}

func (k kit) cancelled(t *testing.T, a act) {
	t.Parallel()
	h := k.open(t)
	h.Wire.Fail(Fault{Kind: FaultNothing})
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- a.do(ctx, h.List) }()
	waitUntil(t, "the call is on its way", func() bool { return h.Wire.Calls() > 0 })
	cancel()
	select {
	case err := <-result:
		wantClass(t, err, fault.Held)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the error does not say that it was cancelled: %v", err)
		}
	case <-time.After(3 * time.Second):
		t.Error("it goes on after the cancel")
	}
}

func waitUntil(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !cond(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

func (k kit) retryAfter(t *testing.T, a act) {
	t.Parallel()
	for kind, want := range map[Kind]time.Duration{
		FaultTooMany: 7 * time.Second, FaultTooManyDate: 7 * time.Second, FaultTooManyBare: 0, FaultUnavailable: 7 * time.Second,
	} {
		limiter := &watcher{}
		h := k.factory(t, Setup{PageSize: pageSize, InFlight: 4, Timeout: 10 * time.Second, Limiter: limiter})
		h.Wire.Fail(Fault{Kind: kind, Delay: 7 * time.Second})
		err := a.do(t.Context(), h.List)
		wantClass(t, err, fault.RateLimited)
		if got := fault.RetryAfter(err); got > want || got < want-time.Second {
			t.Errorf("%s: to be repeated in %s, want %s", kind, got, want)
		}
		if blocks := limiter.blocks(); len(blocks) != 1 || blocks[0] != fault.RetryAfter(err) {
			t.Errorf("%s: the limiter was told %v, want once %s", kind, blocks, fault.RetryAfter(err))
		}
	}
}

func (k kit) slowBody(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Seed(people(3)...)
	h.Wire.Fail(Fault{Kind: FaultSlow, Delay: 300 * time.Millisecond})
	all, _ := drain(t, h.List.ListPage, "")
	same(t, "addresses", emails(people(3)), emails(all))
}

func (k kit) cutAfterWrite(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Wire.Fail(Fault{Kind: FaultCutAfter, Times: 1, Writes: true})
	s := wanted("ana@example.test", GroupA)
	_, err := h.List.Upsert(t.Context(), s)
	wantClass(t, err, fault.Transient)
	before := held(t, h, s.Email)
	_, err = h.List.Upsert(t.Context(), s)
	noError(t, err)
	same(t, "held", before, held(t, h, s.Email))
}

func (k kit) limits(t *testing.T) {
	t.Parallel()
	t.Run("calls at once stay within the limit", k.inFlight)
	t.Run("every call asks the limiter once and lets go once", k.asksLimiter)
	t.Run("a limiter that refuses keeps the call back", k.refused)
}

func (k kit) inFlight(t *testing.T) {
	t.Parallel()
	h := k.factory(t, Setup{PageSize: pageSize, InFlight: 3, Timeout: 10 * time.Second})
	h.Wire.Fail(Fault{Kind: FaultLatency, Delay: 5 * time.Millisecond})
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			if _, err := h.List.Upsert(t.Context(), wanted(people(24)[i].Email, GroupA)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if peak := h.Wire.PeakInFlight(); peak != 3 {
		t.Errorf("%d calls at once, want 3", peak)
	}
}

func (k kit) asksLimiter(t *testing.T) {
	t.Parallel()
	limiter := &watcher{}
	h := k.factory(t, Setup{PageSize: pageSize, InFlight: 3, Timeout: 10 * time.Second, Limiter: limiter})
	h.Other.Seed(people(2 * pageSize)...)
	drain(t, h.List.ListPage, "")
	for _, a := range acts() {
		noError(t, a.do(t.Context(), h.List))
	}
	waits, releases := limiter.counts()
	if waits != h.Wire.Calls() || releases != waits {
		t.Errorf("%d calls, the limiter was asked %d times and released %d times", h.Wire.Calls(), waits, releases)
	}
	k.letsGoOfFailed(t, h, limiter)
}

// letsGoOfFailed does not count what arrives: HTTP may send a GET again that met a connection just being closed.
func (k kit) letsGoOfFailed(t *testing.T, h Harness, limiter *watcher) {
	t.Helper()
	h.Wire.Fail(Fault{Kind: FaultCut})
	before, _ := limiter.counts()
	for _, a := range acts() {
		if a.do(t.Context(), h.List) == nil {
			t.Errorf("%s did not fail", a.name)
		}
	}
	waits, releases := limiter.counts()
	same(t, "asked", before+len(acts()), waits)
	same(t, "released", waits, releases)
}

func (k kit) refused(t *testing.T) {
	t.Parallel()
	no := &fault.Error{Class: fault.RateLimited, RetryAfter: time.Minute}
	h := k.factory(t, Setup{PageSize: pageSize, InFlight: 1, Timeout: 10 * time.Second, Limiter: &watcher{refusal: no}})
	for _, a := range acts() {
		err := a.do(t.Context(), h.List)
		wantClass(t, err, fault.RateLimited)
		same(t, "wait", time.Minute, fault.RetryAfter(err))
	}
	same(t, "calls", 0, h.Wire.Calls())
}

// watcher is a Limiter that limits nothing and remembers.
type watcher struct {
	refusal error

	mu              sync.Mutex
	waits, releases int
	blocked         []time.Duration
}

func (w *watcher) Wait(context.Context) (func(), error) {
	if w.refusal != nil {
		return nil, w.refusal
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waits++
	return func() { w.mu.Lock(); defer w.mu.Unlock(); w.releases++ }, nil
}

func (w *watcher) Block(_ context.Context, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blocked = append(w.blocked, d)
}

func (w *watcher) blocks() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.blocked
}

func (w *watcher) counts() (waits, releases int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waits, w.releases
}
