package workers

import (
	"context"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Memory is the part of the state that every duty keeps its records in.
type Memory interface {
	Records
	Ledger
	Listings
}

// Records is the memory of which record has which key (an address, a domain's name), and of what was settled for it.
type Records interface {
	SubscribersByRange(ctx context.Context, sync string, from, to int64) (state.RecordSet, error)
	SubscribersForIDs(ctx context.Context, sync string, ids []int64) (state.RecordSet, error)
	SubscribersByEmails(ctx context.Context, sync string, emails []string) (map[string]state.Subscriber, error)
	RosterByEmails(ctx context.Context, sync string, emails []string) ([]state.RosterRow, error)
	PutRoster(ctx context.Context, sync string, put []state.RosterRow, remove []int64) error
}

// Ledger is the record of changes and of what became of them.
type Ledger interface {
	Changes(ctx context.Context, filter state.ChangeFilter) ([]state.Change, error)
	NoteChanges(ctx context.Context, lease state.Lease, changes []state.Change) error
	ClaimSubscribers(ctx context.Context, lease state.Lease, sync string, claims []state.Claim) ([]state.Claimed, error)
	SettleSubscribers(ctx context.Context, lease state.Lease, sync string, settlements []state.Settlement) error
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
