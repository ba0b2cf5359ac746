package state

import "time"

// RunSet names the fields of a run that MoveRun sets on the way; nil leaves a field as it is.
type RunSet struct {
	ListingID  *int64
	Total      *int64
	GuardLimit *int
	Full       *bool
	Sliced     *bool
	PassEnds   *bool
	Error      *string
}

// RunFilter chooses runs. Zero fields choose all.
type RunFilter struct {
	Sync     string
	Kind     RunKind
	BeforeID int64 // only runs with a lower id, for paging
	Limit    int   // 0 = all
}

// ChangeFilter chooses changes. Zero fields choose all.
type ChangeFilter struct {
	Sync     string
	RunID    int64
	BatchID  int64
	RecordID int64
	Key      string
	Keys     []string // nil = all
	State    ChangeState
	SeenIn   int64 // only what stands noticed, and was met by this pass
	IDs      []int64
	BeforeID int64 // only changes with a lower id, for paging
	Limit    int   // 0 = all
}

// FailureFilter chooses failures. Zero fields choose all.
type FailureFilter struct {
	Sync     string
	RunID    int64
	Class    string // fault.Class
	RecordID int64
	BeforeID int64 // only failures with a lower id, for paging
	Limit    int   // 0 = all
}

// HandBack says how a worker gives an unfinished batch back.
type HandBack struct {
	To           BatchState    // BatchQueued: the queue will try the same task again; BatchReady: the scheduler makes a new one
	After        time.Duration // not before this has passed
	CountAttempt bool          // it was a failed attempt
	Error        string        // why, in plain words
}

// RecordSet is what is remembered of the records of one batch.
type RecordSet struct {
	Roster   []RosterRow       // the records' own rows, by record id
	Memories map[string]Memory // by key: those of the roster rows, and those that a record of the set leads
	Shared   []RosterRow       // other records with a key of Roster, by record id
	Failures []Failure         // open failures of the records, by record id
}
