package sim

import (
	"net/http"
	"strings"
	"sync"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// Codes that the simulator says by itself.
const (
	codeAuth     = 196
	codeAbsent   = 320
	codeEarly    = 324
	codeRenewal  = 347
	codeStatus   = 366
	codeOrder    = 871
	codeFormat   = 4003
	codeTooOften = 4007
	codeBlocked  = 10005
	codePrivacy  = 19006
)

// failed is a business error: HTTP 500, and a code that tells more.
func failed(code int, desc string) simkit.Answer {
	return simkit.JSON(http.StatusInternalServerError, map[string]any{"code": code, "desc": desc, "data": ""})
}

func succeeded(data any) simkit.Answer {
	return simkit.JSON(http.StatusOK, map[string]any{"code": 0, "desc": "", "data": data})
}

// statusOnly is a failure of what stands before the API: it has no code.
func statusOnly(status int, text string) simkit.Answer {
	return simkit.JSON(status, map[string]string{"message": text})
}

// Code makes calls fail in the API's own words.
type Code struct {
	Call   string `json:"call,omitempty"` // its name; "" = any
	Code   int    `json:"code"`
	Desc   string `json:"desc,omitempty"`
	Data   string `json:"data,omitempty"`
	Status int    `json:"status,omitempty"` // default 500
	Times  int    `json:"times,omitempty"`  // 0 = until replaced
}

// mood is what the account is in beside its data.
type mood struct {
	mu          sync.Mutex
	codes       []Code
	maintenance bool
	warnings    []Code
}

func (m *mood) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.codes, m.maintenance, m.warnings = nil, false, nil
}

// SetCodes replaces the failures still to come.
func (s *Server) SetCodes(codes ...Code) {
	s.mood.mu.Lock()
	defer s.mood.mu.Unlock()
	s.mood.codes = codes
}

// SetMaintenance lets all answers say that the system is down for maintenance.
func (s *Server) SetMaintenance(on bool) {
	s.mood.mu.Lock()
	defer s.mood.mu.Unlock()
	s.mood.maintenance = on
}

// SetWarnings lets all changes succeed with remarks.
func (s *Server) SetWarnings(warnings ...Code) {
	s.mood.mu.Lock()
	defer s.mood.mu.Unlock()
	s.mood.warnings = warnings
}

// take returns the failure for a call, if there is one.
func (m *mood) take(call string) (simkit.Answer, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.codes {
		c := &m.codes[i]
		if c.Times < 0 || c.Call != "" && c.Call != call {
			continue
		}
		if c.Times--; c.Times == 0 {
			c.Times = -1 // used up
		} else if c.Times < 0 {
			c.Times = 0 // until replaced
		}
		a := simkit.JSON(http.StatusInternalServerError, map[string]any{"code": c.Code, "desc": c.Desc, "data": c.Data})
		if c.Status > 0 {
			a.Status = c.Status
		}
		return a, true
	}
	return simkit.Answer{}, false
}

// down is what every call is answered during maintenance.
func (m *mood) down() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.maintenance
}

// changed is the answer to a PUT.
func (s *Server) changed(d *Domain, code int) simkit.Answer {
	s.mood.mu.Lock()
	defer s.mood.mu.Unlock()
	warnings := make([]map[string]any, 0, len(s.mood.warnings))
	for _, w := range s.mood.warnings {
		warnings = append(warnings, map[string]any{"code": w.Code, "desc": w.Desc, "data": w.Data})
	}
	answer := map[string]any{"code": code, "desc": "", "data": map[string]any{"id": d.ID, "status": d.Status}}
	if len(warnings) > 0 {
		answer["warnings"] = warnings
	}
	a := simkit.JSON(http.StatusOK, answer)
	if code != 0 {
		a.Status = http.StatusInternalServerError
	}
	return a
}

// failure says a status in the API's words, as far as it has any.
func failure(status int, text string) simkit.Answer {
	if status != http.StatusUnauthorized {
		return statusOnly(status, text)
	}
	a := failed(codeAuth, strings.ToLower(text))
	a.Status = status
	return a
}
