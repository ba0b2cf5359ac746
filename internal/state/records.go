package state

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// ListingRow is one entry of the outside system as it was listed. Key is what records are matched by (a normalised
// address, a domain name); Body is the port's entry as JSON.
type ListingRow struct {
	Key  string
	Body json.RawMessage
}

// Listing is a bulk read of the outside system.
type Listing struct {
	ID       int64
	Cursor   string // where the next page starts
	Pages    int
	Rows     int
	Complete bool
	BegunAt  time.Time
	EndedAt  time.Time
}

// ChangeState is what became of a change.
type ChangeState string

// The states of a change.
const (
	ChangePlanned    ChangeState = "planned" // about to be written, or deferred to the end of the run
	ChangeApplied    ChangeState = "applied"
	ChangeNoticed    ChangeState = "noticed"    // seen, not written. Not settled as long as runs that only note find it
	ChangeHeld       ChangeState = "held"       // waits for approve or reject
	ChangeRejected   ChangeState = "rejected"   // a person said no
	ChangeSuperseded ChangeState = "superseded" // a later run planned it anew, or it is no longer wanted or there
	ChangeFailed     ChangeState = "failed"
	ChangeReverted   ChangeState = "reverted"
)

// Side is where a change is written.
type Side string

// The sides.
const (
	SideAccount Side = "account" // the outside system
	SideSource  Side = "source"  // WHMCS
)

// Change is one field of one record: old value, new value, and the side to write.
type Change struct {
	ID          int64
	Sync        string
	RunID       int64
	BatchID     int64
	RecordID    int64
	Key         string // the address of a client, the name of a domain
	Field       string
	Old         string
	New         string
	Side        Side
	State       ChangeState
	Destructive bool
	Deferred    bool   // planned only: waits for the end of the run, when the guard has seen all
	Reason      string // why, in a few plain words
	Wish        []byte // fingerprint of what was wanted, so that a rejected wish is not planned again
	CreatedAt   time.Time
	SettledAt   time.Time
}

// ChangeTotal is how many changes of one field ended in one state.
type ChangeTotal struct {
	Field string
	State ChangeState
	N     int64
}

// Failure is one record that could not be settled.
type Failure struct {
	ID       int64
	Sync     string
	RecordID int64
	Key      string
	RunID    int64
	Class    string // fault.Class
	Message  string
	Attempts int // of the batches that it was part of
	FirstAt  time.Time
	LastAt   time.Time
	NextAt   time.Time // zero = not by itself
	// Rehearsed says that its newest run was a dry run: no run that counts has met it yet, or not lately. Set by reads only.
	Rehearsed bool
}

// RosterRow says which key a record had when it was last looked at: a client's normalised address, a domain's name;
// "" = none that is valid.
type RosterRow struct {
	RecordID int64
	Key      string
}

// Memory is what was last settled for one key of one sync.
type Memory struct {
	Key         string
	RecordID    int64 // the record that leads, of several with this key
	RemoteID    int64
	RemoteKey   string          // the key as the other side spells it
	Groups      []int64         // groups that we gave, sorted
	Fingerprint []byte          // of what we wanted when it was last settled
	Echo        []byte          // of what the list said it holds after that
	Suppressed  string          // why the other side takes nothing: maillist.Suppression
	Refused     []byte          // fingerprints of the newest wishes that were refused (by the other side or by a person); see Refuses
	Memo        json.RawMessage // what else the duty remembers, nil = nothing
	Version     int64           // raised by every write; 0 = no row yet
	SettledAt   time.Time       // of the newest write; set by reads only
}

// WishLen is how long a fingerprint of a wish is; KeepRefused how many refused ones are remembered of one record.
const (
	WishLen     = 16
	KeepRefused = 8
)

// Refuses says whether a wish is among those that were refused.
func Refuses(refused, wish []byte) bool {
	for known := range slices.Chunk(refused, WishLen) {
		if len(wish) > 0 && bytes.Equal(known, wish) {
			return true
		}
	}
	return false
}

// Pardon is refused without the wishes in pardoned.
func Pardon(refused, pardoned []byte) []byte {
	var rest []byte
	for known := range slices.Chunk(refused, WishLen) {
		if !Refuses(pardoned, known) {
			rest = append(rest, known...)
		}
	}
	return rest
}

// Claim reserves one key for one writer, if its memory is still at the version that was planned from.
type Claim struct {
	Key      string
	RecordID int64
	Version  int64
	Changes  []Change // recorded as planned (or the state they carry) in the same transaction
}

// Claimed is what became of a Claim. OK false: somebody else is at it or it has moved on; look again later.
type Claimed struct {
	OK        bool
	Version   int64
	ChangeIDs []int64
}

// Settlement is the end of the work on one key.
type Settlement struct {
	Memory    Memory // to be kept; Version as Claimed or as read
	Forget    bool   // delete the memory instead
	ChangeIDs []int64
	State     ChangeState // for ChangeIDs
	Resolved  []int64     // record ids whose open failures are over
	Failures  []Failure
}
