package sim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind is a way to misbehave.
type Kind string

// The kinds of fault.
const (
	KindLatency     Kind = "latency"   // answers after Delay
	KindTooMany     Kind = "429"       // Retry-After in seconds (Delay; default 1 s)
	KindTooManyDate Kind = "429_date"  // Retry-After as a date
	KindTooManyBare Kind = "429_bare"  // no Retry-After
	KindBroken      Kind = "500"       //
	KindUnavailable Kind = "503"       // with Retry-After when Delay is set
	KindStatus      Kind = "status"    // Value is the status
	KindCut         Kind = "cut"       // the connection is cut before anything is done
	KindCutAfter    Kind = "cut_after" // it is done, then the connection is cut
	KindHTML        Kind = "html"      // a web page with status 200
	KindSlow        Kind = "slow"      // the body comes in drops, over Delay
	KindBadJSON     Kind = "bad_json"  // it is done, the answer ends in the middle of its JSON
	KindTruncated   Kind = "truncated" // it is done, the answer is shorter than its Content-Length
	KindRevoked     Kind = "revoked"   // 401
	KindPageCap     Kind = "page_cap"  // Value is the largest per_page; stays until cleared
	KindNothing     Kind = "nothing"   // no answer at all
)

var kinds = []Kind{
	KindLatency, KindTooMany, KindTooManyDate, KindTooManyBare, KindBroken, KindUnavailable, KindStatus, KindCut, KindCutAfter,
	KindHTML, KindSlow, KindBadJSON, KindTruncated, KindRevoked, KindPageCap, KindNothing,
}

// Fault says when to misbehave, and how. The first fault that matches a call is used up by it.
type Fault struct {
	Method string   `json:"method,omitempty"` // "" = any
	Path   string   `json:"path,omitempty"`   // behind /api/v1, * at the end = anything that begins so; "" = any
	Kind   Kind     `json:"kind"`
	Skip   int      `json:"skip,omitempty"`  // this many matching calls go well first
	Times  int      `json:"times,omitempty"` // 0 = until cleared
	Delay  Duration `json:"delay,omitempty"`
	Value  int      `json:"value,omitempty"`
}

// Duration is a time.Duration that is "250ms" in JSON.
type Duration time.Duration

// MarshalText gives "250ms".
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText takes "250ms".
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

func (f Fault) matches(r *http.Request) bool {
	path := strings.TrimPrefix(r.URL.Path, prefix)
	if f.Method != "" && f.Method != r.Method {
		return false
	}
	if begin, ok := strings.CutSuffix(f.Path, "*"); ok {
		return strings.HasPrefix(path, begin)
	}
	return f.Path == "" || f.Path == path
}

// faults are what is still to go wrong.
type faults struct {
	mu   sync.Mutex
	list []Fault
}

func (f *faults) set(list []Fault) error {
	for _, one := range list {
		if !slices.Contains(kinds, one.Kind) {
			return fmt.Errorf("unknown fault %q", one.Kind)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.Clone(list)
	return nil
}

// take returns the fault for this call, if there is one.
func (f *faults) take(r *http.Request) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.list {
		one := &f.list[i]
		if one.Kind == KindPageCap || !one.matches(r) {
			continue
		}
		if one.Skip > 0 {
			one.Skip--
			continue
		}
		taken := *one
		if one.Times--; one.Times == 0 {
			f.list = slices.Delete(f.list, i, i+1)
		}
		return taken, true
	}
	return Fault{}, false
}

func (f *faults) pageCap(largest int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.list {
		if one.Kind == KindPageCap && one.Value > 0 {
			largest = min(largest, one.Value)
		}
	}
	return largest
}

// before misbehaves without doing what was asked; done false means that it is to be done all the same.
func (s *Server) before(f Fault, r *http.Request) (a answer, done bool) {
	delay := time.Duration(f.Delay)
	switch f.Kind {
	case KindLatency:
		s.pause(r, delay)
		return answer{}, false
	case KindTooMany:
		return tooMany(seconds(delay)), true
	case KindTooManyDate:
		return tooMany(time.Now().Add(max(delay, time.Second)).UTC().Format(http.TimeFormat)), true
	case KindTooManyBare:
		return tooMany(""), true
	case KindBroken:
		return failed(http.StatusInternalServerError, "Internal server error"), true
	case KindUnavailable:
		return unavailable(delay), true
	case KindStatus:
		return failed(f.Value, "Status "+strconv.Itoa(f.Value)), true
	case KindRevoked:
		return failed(http.StatusUnauthorized, "Unauthorized"), true
	case KindHTML:
		return answer{
			status: http.StatusOK, body: []byte("<!doctype html><title>Maintenance</title>"),
			header: map[string]string{"Content-Type": "text/html; charset=utf-8"},
		}, true
	case KindCut:
		return answer{sending: cut}, true
	case KindNothing:
		return answer{sending: never}, true
	default:
		return answer{}, false
	}
}

// after spoils an answer to something that was done.
func (f Fault) after(a answer) answer {
	switch f.Kind {
	case KindCutAfter:
		a.sending = cut
	case KindSlow:
		a.sending, a.delay = slow, time.Duration(f.Delay)
	case KindTruncated:
		a.sending = truncated
	case KindBadJSON:
		a.body = a.body[:len(a.body)/2]
	}
	return a
}

func seconds(d time.Duration) string { return strconv.Itoa(max(1, int(d.Seconds()))) }

func unavailable(retryAfter time.Duration) answer {
	a := failed(http.StatusServiceUnavailable, "Service unavailable")
	if retryAfter > 0 {
		a.header = map[string]string{"Retry-After": seconds(retryAfter)}
	}
	return a
}
