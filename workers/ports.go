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

// DutyStore is the part of the state that every duty keeps its records in.
type DutyStore interface {
	Records
	Ledger
	Listings
}

// Records is the memory of which record has which key (an address, a domain's name), and of what was settled for it.
type Records interface {
	RecordsByRange(ctx context.Context, sync string, from, to int64) (state.RecordSet, error)
	RecordsByIDs(ctx context.Context, sync string, ids []int64) (state.RecordSet, error)
	MemoriesByKeys(ctx context.Context, sync string, keys []string) (map[string]state.Memory, error)
	RosterByKeys(ctx context.Context, sync string, keys []string) ([]state.RosterRow, error)
	FailuresOf(ctx context.Context, sync string, ids []int64) ([]state.Failure, error)
	PutRoster(ctx context.Context, sync string, put []state.RosterRow, remove []int64) error
}

// Ledger is the record of changes and of what became of them.
type Ledger interface {
	Changes(ctx context.Context, filter state.ChangeFilter) ([]state.Change, error)
	NoteChanges(ctx context.Context, lease state.Lease, changes []state.Change) error
	Notice(ctx context.Context, lease state.Lease, sync string, keys []string, found []state.Change) (before int, err error)
	Claim(ctx context.Context, lease state.Lease, sync string, claims []state.Claim) ([]state.Claimed, error)
	Settle(ctx context.Context, lease state.Lease, sync string, settlements []state.Settlement) error
	GuardTake(ctx context.Context, runID int64, n int) (int, error)
	Touch(ctx context.Context, sync string, ids []int64, trigger state.Trigger) ([]int64, error)
	MarkReverted(ctx context.Context, lease state.Lease, changeIDs []int64, refused map[string][]byte) error
}

// Listings keeps what was read of the other side.
type Listings interface {
	NewListing(ctx context.Context, lease state.Lease, runID int64) (state.Listing, error)
	AppendListing(ctx context.Context, lease state.Lease, listingID int64, from, to string, rows []state.ListingRow, done bool) error
	Listing(ctx context.Context, id int64) (state.Listing, error)
	ListingRows(ctx context.Context, listingID int64, keys []string) ([]state.ListingRow, error)
}
