package workers

import (
	"context"
	"time"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Store is the part of the state that the skeleton uses.
type Store interface {
	BeginBatch(ctx context.Context, batchID int64, generation int, worker string, ttl time.Duration) (state.Batch, state.Run, state.Lease, error)
	ClaimTouches(ctx context.Context, sync string, limit int, worker string, ttl time.Duration, guardLimit int, notify bool) (state.Batch, state.Run, state.Lease, error)
	RenewLease(ctx context.Context, lease state.Lease, ttl time.Duration) (state.Lease, error)
	FinishBatch(ctx context.Context, lease state.Lease, counts state.Counts, failures []state.Failure) error
	HandBack(ctx context.Context, lease state.Lease, back state.HandBack) error
	PauseAccount(ctx context.Context, account, reason string) error
	PauseSync(ctx context.Context, sync, reason string) error
}
