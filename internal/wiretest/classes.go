package wiretest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
)

// statuses says which class every status must have. 404 means that the account or the call is not there, never that
// what was asked for is not; where it does, the Act says so.
func (a Act) statuses() map[int]fault.Class {
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
	maps.Copy(table, a.Classes)
	return table
}

// faultClasses says which class every other trouble must have when it does not end within the time limit.
var faultClasses = map[Kind]fault.Class{
	HTML: fault.Protocol, Broken: fault.Protocol, Truncated: fault.Protocol,
	Cut: fault.Transient, CutAfter: fault.Transient, Nothing: fault.Transient, Slow: fault.Transient, Latency: fault.Transient,
}

func (k kit) everyStatus(t *testing.T, i int) {
	t.Parallel()
	target := k.open(t, Setup{InFlight: 4, Timeout: longEnough})
	act := target.Acts[i]
	for status, class := range act.statuses() {
		target.warm(t, act)
		target.Wire.Fail(Fault{Kind: Status, Status: status})
		err := act.Do(t.Context())
		if fault.ClassOf(err) != class {
			t.Errorf("HTTP %d: class %q, want %q: %v", status, fault.ClassOf(err), class, err)
		}
		target.noSecret(t, err)
	}
}

func (k kit) everyFault(t *testing.T, i int) {
	t.Parallel()
	target := k.open(t, Setup{InFlight: 4, Timeout: 400 * time.Millisecond})
	act := target.Acts[i]
	for kind, class := range faultClasses {
		target.warm(t, act)
		target.Wire.Fail(Fault{Kind: kind, Delay: 20 * time.Second})
		err := act.Do(t.Context())
		if fault.ClassOf(err) != class {
			t.Errorf("%s: class %q, want %q: %v", kind, fault.ClassOf(err), class, err)
		}
		target.noSecret(t, err)
	}
}

// echoed meets a server that tells in its errors what it was sent, credentials and all.
func (k kit) echoed(t *testing.T, i int) {
	t.Parallel()
	target := k.open(t, Setup{InFlight: 4, Timeout: longEnough})
	for _, status := range []int{200, 400, 401, 404, 422, 500} { // some APIs fail with 200
		target.warm(t, target.Acts[i])
		target.Wire.Fail(Fault{Kind: Echo, Status: status})
		target.noSecret(t, target.Acts[i].Do(t.Context()))
	}
}

// noSecret looks into every way in which an error is printed.
func (g Target) noSecret(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
		for _, secret := range g.Secrets {
			if strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) {
				t.Errorf("an error holds a secret: %s", text)
			}
		}
	}
	if strings.Contains(err.Error(), "?") && strings.Contains(err.Error(), "http") {
		t.Errorf("an error holds a URL with its query: %v", err)
	}
}

func (k kit) retryAfter(t *testing.T, i int) {
	t.Parallel()
	for kind, want := range map[Kind]time.Duration{
		TooMany: 7 * time.Second, TooManyDate: 7 * time.Second, TooManyBare: 0, Unavailable: 7 * time.Second,
	} {
		limiter := &watcher{}
		target := k.open(t, Setup{InFlight: 4, Timeout: longEnough, Limiter: limiter})
		act := target.Acts[i]
		target.warm(t, act)
		target.Wire.Fail(Fault{Kind: kind, Delay: 7 * time.Second})
		err := act.Do(t.Context())
		if act.Once && kind == Unavailable {
			wantClass(t, err, fault.Transient)
			continue
		}
		wantClass(t, err, fault.RateLimited)
		if got := fault.RetryAfter(err); got > want || got < want-time.Second {
			t.Errorf("%s: to be repeated in %s, want %s", kind, got, want)
		}
		if blocks := limiter.blocks(); len(blocks) != 1 || blocks[0] != fault.RetryAfter(err) {
			t.Errorf("%s: the limiter was told %v, want once %s", kind, blocks, fault.RetryAfter(err))
		}
	}
}

func (k kit) cancelled(t *testing.T, i int) {
	t.Parallel()
	target := k.open(t, Setup{InFlight: 4, Timeout: longEnough})
	act := target.Acts[i]
	target.warm(t, act)
	target.Wire.Fail(Fault{Kind: Nothing})
	before := target.Wire.Calls()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- act.Do(ctx) }()
	waitUntil(t, "the call is on its way", func() bool { return target.Wire.Calls() > before })
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

func (k kit) slowBody(t *testing.T, i int) {
	t.Parallel()
	target := k.open(t, Setup{InFlight: 4, Timeout: longEnough})
	target.Wire.Fail(Fault{Kind: Slow, Delay: 200 * time.Millisecond})
	if err := target.Acts[i].Do(t.Context()); err != nil {
		t.Error(err)
	}
}
