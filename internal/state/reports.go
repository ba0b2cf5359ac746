package state

import "time"

// ReportKind is a way in which people are told how a run ended; each is a task of its own.
type ReportKind string

// The ways.
const (
	ReportNotes ReportKind = "notes" // a line in the activity log of WHMCS, the alerts' webhook
	ReportMail  ReportKind = "mail"
)

// ReportState is what became of a report.
type ReportState string

// The states of a report.
const (
	ReportOwed    ReportState = "owed"
	ReportTold    ReportState = "told" // or there was nothing to tell
	ReportGivenUp ReportState = "given_up"
)

// Report is what is to be told, in one way, of a run that has ended. It is owed from the moment the run ends.
type Report struct {
	RunID      int64
	Kind       ReportKind
	Sync       string
	State      ReportState
	Generation int      // of its task; raised when the queue lost it, and when the run ends once more
	Tries      int      // that were begun; with Generation it fences a try off from later ones
	Told       []string // what no other try may repeat, in words of whoever tells
	Error      string   // of the newest try that failed
	OwedAt     time.Time
}
