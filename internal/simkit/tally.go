package simkit

import (
	"maps"
	"sync"
	"time"
)

// Counts are what was asked and answered.
type Counts struct {
	Calls        map[string]int64 `json:"calls"` // by name
	TotalCalls   int64            `json:"total_calls"`
	Statuses     map[int]int64    `json:"statuses"` // answers by HTTP status; 0 = cut or never answered
	PeakInFlight int              `json:"peak_in_flight"`
}

// Violation is something that the real server would refuse or punish, or that must never be done.
type Violation struct {
	Kind    string `json:"kind"`    // a word of the simulator
	Subject string `json:"subject"` // to whom or what: an address, a domain
}

// tally keeps the counts and the violations.
type tally struct {
	mu         sync.Mutex
	counts     Counts
	violations []Violation
	flying     int
}

func (t *tally) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts = Counts{Calls: map[string]int64{}, Statuses: map[int]int64{}, PeakInFlight: t.flying}
	t.violations = nil
}

func (t *tally) begin(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Calls[name]++
	t.counts.TotalCalls++
	t.flying++
	t.counts.PeakInFlight = max(t.counts.PeakInFlight, t.flying)
}

func (t *tally) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flying--
}

func (t *tally) status(status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Statuses[status]++
}

// Counts returns what was asked and answered since the last reset.
func (s *Server) Counts() Counts {
	s.tally.mu.Lock()
	defer s.tally.mu.Unlock()
	counts := s.tally.counts
	counts.Calls, counts.Statuses = maps.Clone(counts.Calls), maps.Clone(counts.Statuses)
	return counts
}

// Violate notes a violation.
func (s *Server) Violate(kind, subject string) {
	s.tally.mu.Lock()
	defer s.tally.mu.Unlock()
	s.tally.violations = append(s.tally.violations, Violation{Kind: kind, Subject: subject})
}

// Violations returns those noted since the last reset, in order; empty, not nil, when there are none.
func (s *Server) Violations() []Violation {
	s.tally.mu.Lock()
	defer s.tally.mu.Unlock()
	return append([]Violation{}, s.tally.violations...)
}

// bucket holds tokens, one for each call; rate 0 = never empty.
type bucket struct {
	rate, size float64 // tokens a second, tokens at most

	mu     sync.Mutex
	level  float64
	filled time.Time
}

// take uses a token up, or says how long there will be none.
func (b *bucket) take(now time.Time) (wait time.Duration) {
	if b.rate <= 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.filled.IsZero() {
		b.level, b.filled = b.size, now
	}
	b.level = min(b.size, b.level+now.Sub(b.filled).Seconds()*b.rate)
	b.filled = now
	if b.level >= 1 {
		b.level--
		return 0
	}
	return time.Duration((1 - b.level) / b.rate * float64(time.Second))
}
