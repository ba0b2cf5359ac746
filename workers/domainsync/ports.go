package domainsync

import (
	"context"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Domains is the part of the WHMCS database that a sync uses: the rows of its registrar, in the statuses it is about,
// without those that are excluded.
type Domains interface {
	Domains(ctx context.Context, from, to int64) ([]whmcs.Domain, error)
	DomainsByIDs(ctx context.Context, ids []int64) ([]whmcs.Domain, error)
	// RowsByIDs reads rows of the registrar whatever their status: those that have left the sync, often by our own hand.
	RowsByIDs(ctx context.Context, ids []int64) ([]whmcs.Domain, error)
	// WriteDomain writes one row if it still holds what was read. False: somebody else has changed it, and nothing was
	// written.
	WriteDomain(ctx context.Context, write whmcs.DomainWrite) (bool, error)
}

// Records is the memory of which record has which name, and of what was settled for it.
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

// Listings keeps what was read of the registrar.
type Listings interface {
	NewListing(ctx context.Context, lease state.Lease, runID int64) (state.Listing, error)
	AppendListing(ctx context.Context, lease state.Lease, listingID int64, from, to string, rows []state.ListingRow, done bool) error
	Listing(ctx context.Context, id int64) (state.Listing, error)
	ListingRows(ctx context.Context, listingID int64, keys []string) ([]state.ListingRow, error)
}

// Store is all of it.
type Store interface {
	Records
	Ledger
	Listings
}
