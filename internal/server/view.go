package server

import (
	"fmt"
	"time"
)

// Status is what the status page and /api/v1/status show. The JSON keys are stable. Times are UTC; a key whose value is
// unknown is left out.
type Status struct {
	Leader  string       `json:"leader"`  // holder of the scheduler's lease; "" = no scheduler is alive
	Workers int          `json:"workers"` // worker processes alive
	Syncs   []SyncStatus `json:"syncs"`
}

// The words of SyncStatus.State.
const (
	StateIdle    = "idle"
	StateRunning = "running"
	StatePaused  = "paused"
	StateHeld    = "held" // the newest run waits for a person
)

// SyncStatus is where one sync stands.
type SyncStatus struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Source     string         `json:"source"`
	Account    string         `json:"account"`
	Mode       string         `json:"mode"`     // apply | notify
	Schedule   string         `json:"schedule"` // "" = only by hand
	State      string         `json:"state"`
	Pause      *Pause         `json:"pause,omitempty"`         // the sync is paused
	AccountOff *Pause         `json:"account_pause,omitempty"` // its account is paused
	Offset     int64          `json:"offset"`
	Total      int64          `json:"total"`
	Current    *Run           `json:"current_run,omitempty"`
	Last       *Run           `json:"last_run,omitempty"`
	LastPassAt time.Time      `json:"last_pass_at,omitzero"`
	NextRunAt  time.Time      `json:"next_run_at,omitzero"`
	Freshness  *Freshness     `json:"freshness,omitempty"` // only where it is promised
	Transfers  *Transfers     `json:"transfers,omitempty"` // only of a sync that follows them
	Changes    map[string]int `json:"changes"`             // of the last 24 hours, by state of the change
	Failures   map[string]int `json:"failures"`            // open ones, by class
	Held       []Held         `json:"held,omitempty"`
	Untold     []Untold       `json:"untold,omitempty"` // reports that people wait for
	Queue      QueueDepth     `json:"queue"`
	Rate       RateUse        `json:"rate"`
}

// Freshness says whether every record is looked at as often as promised.
type Freshness struct {
	PromiseSeconds  float64 `json:"promise_seconds"`
	ExpectedSeconds float64 `json:"expected_seconds"` // between two looks at the present pace
	Kept            bool    `json:"kept"`
}

// Transfers says how many transfers in are under way, and how long the oldest has been: whole days since it was first seen
// pending.
type Transfers struct {
	UnderWay    int        `json:"under_way"`
	Oldest      string     `json:"oldest,omitempty"` // its name
	OldestSince time.Time  `json:"oldest_since,omitzero"`
	OldestDays  int        `json:"oldest_days"`
	Domains     []Transfer `json:"domains,omitempty"` // the oldest first; only where they are asked for
}

// Transfer is one transfer in that is under way.
type Transfer struct {
	Name     string    `json:"name"`
	RecordID int64     `json:"record"`
	Since    time.Time `json:"since"`
	Days     int       `json:"days"`
	Says     string    `json:"says,omitempty"` // the registrar, at the newest look
}

// TransfersOf sums transfers up, which are given the oldest first.
func TransfersOf(all []Transfer) *Transfers {
	t := &Transfers{UnderWay: len(all)}
	if len(all) > 0 {
		t.Oldest, t.OldestSince, t.OldestDays = all[0].Name, all[0].Since, all[0].Days
	}
	return t
}

// Words says it in one line.
func (t Transfers) Words() string {
	switch t.UnderWay {
	case 0:
		return "none under way"
	case 1:
		return fmt.Sprintf("1 under way, for %s: %s", DaysWords(t.OldestDays), t.Oldest)
	default:
		return fmt.Sprintf("%s under way, the oldest for %s: %s", number(t.UnderWay), DaysWords(t.OldestDays), t.Oldest)
	}
}

// DaysWords is an age in whole days.
func DaysWords(n int) string {
	switch n {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return number(n) + " days"
	}
}

// Pause says why nothing happens.
type Pause struct {
	Since  time.Time `json:"since,omitzero"`
	Reason string    `json:"reason"`
}

// Held is a run whose changes wait for a person.
type Held struct {
	RunID   int64  `json:"run"`
	Changes int    `json:"changes"`
	Reason  string `json:"reason,omitempty"`
}

// Untold is the report of a run that could not be told so far, or at all.
type Untold struct {
	RunID   int64     `json:"run"`
	Report  string    `json:"report"` // mail | notes: the line in the activity log, the alert
	GivenUp bool      `json:"given_up"`
	Tries   int       `json:"tries"`
	Error   string    `json:"error,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

// untoldShown is how many reports that wait are told one by one; they mostly have the same cause.
const untoldShown = 3

// UntoldWords says in a few sentences which reports people wait for.
func (s SyncStatus) UntoldWords() []string {
	var all []string
	for _, u := range s.Untold[:min(len(s.Untold), untoldShown)] {
		all = append(all, u.words())
	}
	if n := len(s.Untold) - untoldShown; n > 0 {
		all = append(all, fmt.Sprintf("and so with %d more", n))
	}
	return all
}

func (u Untold) words() string {
	what, became := "the mail about", "waits for another try"
	if u.Report != "mail" {
		what = "the line in the activity log, or the alert, about"
	}
	switch {
	case u.GivenUp:
		became = "was given up"
	case u.Tries == 0:
		became = "waits for a worker"
	}
	text := fmt.Sprintf("%s run %d %s", what, u.RunID, became)
	if u.Error != "" {
		text += ": " + u.Error
	}
	return text
}

// QueueDepth is how many tasks the account's queue holds.
type QueueDepth struct {
	Name           string  `json:"name"`
	Pending        int     `json:"pending"`
	Active         int     `json:"active"`
	Scheduled      int     `json:"scheduled"`
	Retry          int     `json:"retry"`
	Archived       int     `json:"archived"`
	LatencySeconds float64 `json:"latency_seconds"` // age of the oldest pending task
}

// RateUse is how much of the account's limit is in use.
type RateUse struct {
	LimitPerSecond float64   `json:"limit_per_second"` // 0 = none known
	UsedPerSecond  float64   `json:"used_per_second"`
	InFlight       int       `json:"in_flight"`
	InFlightLimit  int       `json:"in_flight_limit"`
	BlockedUntil   time.Time `json:"blocked_until,omitzero"` // the account asked us to wait
}

// Run is one run as it is shown.
type Run struct {
	ID       int64            `json:"id"`
	Sync     string           `json:"sync"`
	Kind     string           `json:"kind"`
	State    string           `json:"state"`
	Trigger  string           `json:"trigger"`
	Notify   bool             `json:"notify"`                   // nothing is written
	Full     bool             `json:"full"`                     // compares a full listing
	Batches  int              `json:"batches,omitzero"`         // only while it is under way: they are not kept for ever
	Settled  int              `json:"settled_batches,omitzero"` // of those
	Total    int64            `json:"total"`                    // records it will look at, as far as known
	Counts   map[string]int64 `json:"counts"`                   // records by result, keys as in state.Counts
	Held     int              `json:"held"`
	Error    string           `json:"error,omitempty"`
	Started  time.Time        `json:"started,omitzero"`
	Finished time.Time        `json:"finished,omitzero"`
}

// Failure is one record that could not be settled.
type Failure struct {
	ID       int64     `json:"id"`
	Sync     string    `json:"sync"`
	RecordID int64     `json:"record"`
	Key      string    `json:"key"`
	RunID    int64     `json:"run"`
	Class    string    `json:"class"`
	Message  string    `json:"message"`
	Attempts int       `json:"attempts"`
	FirstAt  time.Time `json:"first_at,omitzero"`
	LastAt   time.Time `json:"last_at,omitzero"`
	NextAt   time.Time `json:"next_at,omitzero"` // absent = not by itself
}
