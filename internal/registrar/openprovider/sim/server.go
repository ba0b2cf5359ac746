package sim

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

const prefix = "/v1beta"

// Server is the simulated account: the API under /v1beta, the controls under /_sim. Safe for many goroutines at once.
type Server struct {
	*simkit.Server
	opt   Options
	shelf shelf
	door  door
	mood  mood
}

// New returns a server that holds no domains yet.
func New(opt Options) *Server {
	s := &Server{opt: opt.withDefaults()}
	s.door.reset()
	s.Server = simkit.New(simkit.API{
		Base: prefix, Route: s.route, Failure: failure, Forget: s.forget,
		State: func(*http.Request) any { return s.State() },
		Controls: map[string]http.HandlerFunc{
			"POST /domains": simkit.List(func(all []Domain) error { s.Seed(all...); return nil }),
			"POST /removed": simkit.List(func(names []string) error { s.Remove(names...); return nil }),
			"POST /codes":   simkit.List(func(codes []Code) error { s.SetCodes(codes...); return nil }),
			"POST /expire": func(w http.ResponseWriter, _ *http.Request) {
				s.ExpireTokens()
				w.WriteHeader(http.StatusNoContent)
			},
			"POST /maintenance": func(w http.ResponseWriter, r *http.Request) {
				s.SetMaintenance(r.URL.Query().Get("on") != "0")
				w.WriteHeader(http.StatusNoContent)
			},
		},
	}, simkit.Options{
		PageCap: opt.PageCap, RatePerSecond: opt.RatePerSecond, Burst: opt.Burst, Latency: opt.Latency, Clock: opt.Clock,
	})
	return s
}

// State is what the server holds and what was asked of it.
type State struct {
	Domains []Domain `json:"domains"`
	simkit.Counts
	Violations []simkit.Violation `json:"violations"`
}

// State returns everything.
func (s *Server) State() State {
	return State{Domains: s.Domains(), Counts: s.Counts(), Violations: s.Violations()}
}

func (s *Server) route(r *http.Request) (string, func() simkit.Answer) {
	name, serve := s.find(r)
	if serve == nil {
		return "", nil
	}
	return name, func() simkit.Answer { return s.admitted(r, name, serve) }
}

func (s *Server) find(r *http.Request) (string, func(*http.Request) simkit.Answer) {
	path := strings.TrimPrefix(r.URL.Path, prefix)
	switch r.Method + " " + path {
	case "POST /auth/login":
		return "login", s.login
	case "GET /domains":
		if r.URL.Query().Has("queue_status") {
			return "list_queued", s.list
		}
		return "list_domains", s.list
	case "GET /resellers/settings":
		return "get_settings", s.settings
	}
	path, renewal := strings.CutSuffix(path, "/renew")
	id, err := strconv.ParseInt(strings.TrimPrefix(path, "/domains/"), 10, 64)
	switch {
	case err != nil || !strings.HasPrefix(path, "/domains/"):
		return "", nil
	case renewal && r.Method == http.MethodPost:
		return "renew_domain", func(r *http.Request) simkit.Answer { return s.renew(r, id) }
	case renewal:
		return "", nil
	case r.Method == http.MethodGet:
		return "get_domain", func(*http.Request) simkit.Answer { return s.get(id) }
	case r.Method == http.MethodPut:
		return "change_domain", func(r *http.Request) simkit.Answer { return s.change(r, id) }
	}
	return "", nil
}

// admitted lets in who may come in, as the account is in the mood for it.
func (s *Server) admitted(r *http.Request, name string, serve func(*http.Request) simkit.Answer) simkit.Answer {
	if a, ok := s.refusal(r, name); !ok {
		return a
	}
	if a, fails := s.mood.take(name); fails {
		return a
	}
	if s.mood.down() && name != "login" {
		return simkit.JSON(http.StatusOK, map[string]any{
			"code": 0, "desc": "", "maintenance": true, "data": map[string]any{"results": nil, "total": 0},
		})
	}
	return serve(r)
}

func (s *Server) settings(*http.Request) simkit.Answer {
	if s.opt.NoSettings {
		return failed(4001, "Unknown command")
	}
	return succeeded(map[string]any{"is_auto_renew_enabled": !s.opt.NoAutoRenew, "default_language": "en"})
}
