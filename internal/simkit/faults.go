package simkit

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind is a way to misbehave.
type Kind string

// The kinds of fault. A status is said in the words of the API, by its Failure.
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
	KindBadJSON     Kind = "bad_json"  // it is done, the answer ends in the middle of its JSON or XML
	KindTruncated   Kind = "truncated" // it is done, the answer is shorter than its Content-Length
	KindRevoked     Kind = "revoked"   // 401
	KindPageCap     Kind = "page_cap"  // Value is the largest page; stays until cleared
	KindNothing     Kind = "nothing"   // no answer at all
	KindEcho        Kind = "echo"      // it fails, and repeats the request with all its credentials; Value is the status (default 500)
)

var kinds = []Kind{
	KindLatency, KindTooMany, KindTooManyDate, KindTooManyBare, KindBroken, KindUnavailable, KindStatus, KindCut, KindCutAfter,
	KindHTML, KindSlow, KindBadJSON, KindTruncated, KindRevoked, KindPageCap, KindNothing, KindEcho,
}

// Fault says when to misbehave, and how. The first fault that matches a call is used up by it.
type Fault struct {
	Method string   `json:"method,omitempty"` // "" = any
	Path   string   `json:"path,omitempty"`   // behind the API's base, * at the end = anything that begins so; "" = any
	Call   string   `json:"call,omitempty"`   // the call's name, for APIs with a single path; "" = any
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

func (f Fault) matches(method, path, call string) bool {
	if f.Method != "" && f.Method != method || f.Call != "" && f.Call != call {
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
		if one.Kind == KindStatus && (one.Value < 200 || one.Value > 599) {
			return fmt.Errorf("no status to answer with: %d", one.Value)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.Clone(list)
	return nil
}

// take returns the fault for this call; one without a kind when all goes well.
func (f *faults) take(method, path, call string) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.list {
		one := &f.list[i]
		if one.Kind == KindPageCap || !one.matches(method, path, call) {
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
		return taken
	}
	return Fault{}
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
func (s *Server) before(f Fault, r *http.Request) (a Answer, done bool) {
	delay := time.Duration(f.Delay)
	switch f.Kind {
	case KindLatency:
		s.pause(r, delay)
		return Answer{}, false
	case KindTooMany:
		return s.tooMany(seconds(delay)), true
	case KindTooManyDate:
		return s.tooMany(time.Now().Add(max(delay, time.Second)).UTC().Format(http.TimeFormat)), true
	case KindTooManyBare:
		return s.tooMany(""), true
	case KindBroken:
		return s.api.Failure(http.StatusInternalServerError, "Internal server error"), true
	case KindUnavailable:
		a := s.api.Failure(http.StatusServiceUnavailable, "Service unavailable")
		if delay > 0 {
			a = a.with("Retry-After", seconds(delay))
		}
		return a, true
	case KindStatus:
		return s.api.Failure(f.Value, "Status "+strconv.Itoa(f.Value)), true
	case KindEcho:
		return s.api.Failure(cmp.Or(f.Value, http.StatusInternalServerError), "You sent "+repeated(r)), true
	case KindRevoked:
		return s.unauthorized(), true
	case KindHTML:
		page := Answer{Status: http.StatusOK, Body: []byte("<!doctype html><title>Maintenance</title>")}
		return page.with("Content-Type", "text/html; charset=utf-8"), true
	case KindCut:
		return Answer{sending: cut}, true
	case KindNothing:
		return Answer{sending: never}, true
	default:
		return Answer{}, false
	}
}

// after spoils an answer to something that was done.
func (f Fault) after(a Answer) Answer {
	switch f.Kind {
	case KindCutAfter:
		a.sending = cut
	case KindSlow:
		a.sending, a.over = slow, time.Duration(f.Delay)
	case KindTruncated:
		a.sending = truncated
	case KindBadJSON:
		a.Body = a.Body[:len(a.Body)/2]
	}
	return a
}

// repeated is what a request says, where it holds credentials first. What every client sends is left out.
func repeated(r *http.Request) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if !strings.HasPrefix(name, "Accept") && !strings.HasPrefix(name, "Content-") && name != "User-Agent" && name != "Connection" {
			parts = append(parts, strings.Join(r.Header[name], " "))
		}
	}
	body, _ := Body(r) // of a form that was read there is nothing left
	return strings.TrimSpace(strings.Join(append(parts, r.URL.RequestURI(), string(body), r.PostForm.Encode()), " "))
}

// tooMany is a 429, without Retry-After when that is "".
func (s *Server) tooMany(retryAfter string) Answer {
	a := s.api.Failure(http.StatusTooManyRequests, "Too many requests")
	if retryAfter != "" {
		a = a.with("Retry-After", retryAfter)
	}
	return a
}

func (s *Server) unauthorized() Answer { return s.api.Failure(http.StatusUnauthorized, "Unauthorized") }

func seconds(d time.Duration) string { return strconv.Itoa(max(1, int(d.Seconds()))) }
