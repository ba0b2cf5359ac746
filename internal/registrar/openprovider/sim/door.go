package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// door is who may come in: tokens, and what calling too often is punished with.
type door struct {
	mu      sync.Mutex
	tokens  map[string]time.Time // when each was made
	made    int
	logins  []time.Time
	failed  []time.Time
	closed  time.Time // no logins before
	calls   map[string][]time.Time
	blocked bool // for good
}

func (d *door) reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tokens, d.calls = map[string]time.Time{}, map[string][]time.Time{}
	d.logins, d.failed, d.closed, d.blocked = nil, nil, time.Time{}, false
}

// ExpireTokens makes all tokens worthless.
func (s *Server) ExpireTokens() {
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	clear(s.door.tokens)
}

// login makes a token.
func (s *Server) login(r *http.Request) simkit.Answer {
	var who struct{ Username, Password, IP string }
	if err := decode(r, &who); err != nil {
		return failed(codeFormat, "Wrong parameters: "+err.Error())
	}
	now := s.opt.Clock()
	d := &s.door
	d.mu.Lock()
	defer d.mu.Unlock()
	d.logins = append(since(d.logins, now.Add(-time.Minute)), now)
	if len(d.logins) > s.opt.Logins {
		d.closed = now.Add(time.Minute)
	}
	if now.Before(d.closed) {
		s.Violate("logins", who.Username)
		return failed(codeTooOften, "Calls limit has been reached")
	}
	if who.Username != s.opt.Username || who.Password != s.opt.Password {
		return s.wrongPassword(now)
	}
	d.made++
	token := fmt.Sprintf("sim-token-%d", d.made)
	d.tokens[token] = now
	return succeeded(map[string]any{"token": token, "reseller_id": 123456})
}

func (s *Server) wrongPassword(now time.Time) simkit.Answer {
	d := &s.door
	d.failed = append(since(d.failed, now.Add(-time.Hour)), now)
	if len(d.failed) > s.opt.FailedLogins {
		d.closed = now.Add(20 * time.Minute)
		s.Violate("failed_logins", "")
	}
	return failed(codeAuth, "Authentication/Authorization Failed")
}

// refusal is why a call is not let in; ok when it is.
func (s *Server) refusal(r *http.Request, name string) (a simkit.Answer, ok bool) {
	now := s.opt.Clock()
	d := &s.door
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.often(r, now) > s.opt.Identical && name != "login" {
		d.blocked = true
		s.Violate("identical_calls", name)
	}
	if d.blocked {
		return failed(codeBlocked, "Access denied"), false
	}
	if name == "login" {
		return a, true
	}
	made, known := d.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	if !known || now.Sub(made) >= s.opt.TokenLife {
		a = failed(codeAuth, "Authentication/Authorization Failed")
		a.Status = s.opt.RefusedToken
		return a, false
	}
	return a, true
}

// often counts equal calls within 300 s, this one included.
func (d *door) often(r *http.Request, now time.Time) int {
	body, _ := simkit.Body(r) // an unreadable one fails later
	call := r.Method + r.URL.String() + string(body)
	d.calls[call] = append(since(d.calls[call], now.Add(-300*time.Second)), now)
	return len(d.calls[call])
}

func since(times []time.Time, start time.Time) []time.Time {
	for len(times) > 0 && !times[0].After(start) {
		times = times[1:]
	}
	return times
}

// decode reads a body that may hold known members only.
func decode(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
