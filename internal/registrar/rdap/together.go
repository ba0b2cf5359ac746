package rdap

import (
	"context"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// shared holds the calls to all servers together within the limits: each server's client would count for itself.
type shared struct {
	slots chan struct{}
	next  httpx.Limiter // nil = none
}

func together(inFlight int, next httpx.Limiter) *shared {
	return &shared{slots: make(chan struct{}, inFlight), next: next}
}

// Wait takes a slot first and asks the limiter second, as each client does.
func (s *shared) Wait(ctx context.Context) (release func(), err error) {
	if err := s.take(ctx); err != nil {
		return nil, err
	}
	if s.next == nil {
		return func() { <-s.slots }, nil
	}
	done, err := s.next.Wait(ctx)
	if err != nil {
		<-s.slots
		return nil, err
	}
	return func() { done(); <-s.slots }, nil
}

func (s *shared) take(ctx context.Context) error {
	late := time.NewTimer(httpx.MaxWait)
	defer late.Stop()
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &fault.Error{Class: fault.Held, Err: ctx.Err()}
	case <-late.C:
		return &fault.Error{Class: fault.RateLimited, RetryAfter: time.Second}
	}
}

// Block passes on what the other side asked for.
func (s *shared) Block(ctx context.Context, d time.Duration) {
	if s.next != nil {
		s.next.Block(ctx, d)
	}
}
