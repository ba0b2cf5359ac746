package sim

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

const base = "/v2"

// Options shape a Server. APIKey is required.
type Options struct {
	simkit.Options
	APIKey    string
	ExportCap int  // rows of an export; 0 = all there are
	NoTotals  bool // lists do not say how many rows there are
	Absent404 bool // what is not there is HTTP 404, as documented, in place of 400, as seen
	Costs     bool // ID protection has its price
	Unsorted  bool // processes come in any order
	AtOnce    bool // settings are carried out before the answer
}

// Server is a simulated account. Safe for many goroutines at once.
type Server struct {
	*simkit.Server
	opt Options

	mu         sync.Mutex
	domains    map[string]*Domain // by name
	transfers  []Transfer         // oldest first
	processes  []Process          // oldest first
	extensions map[string]Extension
}

// New returns an account that holds nothing.
func New(opt Options) *Server {
	s := &Server{opt: opt}
	s.forget()
	s.Server = simkit.New(simkit.API{
		Base: base, Route: s.route, Authorize: s.knows, Failure: failure, Forget: s.forget,
		State: func(*http.Request) any { return s.State() },
		Controls: map[string]http.HandlerFunc{
			"POST /domains":    simkit.List(func(all []Domain) error { s.Hold(all...); return nil }),
			"POST /remove":     simkit.List(func(all []string) error { s.Remove(all...); return nil }),
			"POST /transfers":  simkit.List(func(all []Transfer) error { s.Order(all...); return nil }),
			"POST /processes":  simkit.List(func(all []Process) error { s.Note(all...); return nil }),
			"POST /extensions": simkit.List(func(all []Extension) error { s.Describe(all...); return nil }),
		},
	}, opt.Options)
	return s
}

func (s *Server) knows(r *http.Request) bool {
	key := "ApiKey " + s.opt.APIKey
	return subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(key)) == 1
}

// call is one call of the API.
type call struct {
	name   string
	params []string
	serve  func(s *Server, r *http.Request, subject string) simkit.Answer
}

var (
	lists = []string{"export", "fields", "limit", "offset", "order"}

	calls = map[string]call{ // by method, collection and what is behind the subject
		"GET domains":          {"list_domains", lists, (*Server).list},
		"GET domains/":         {"get_domain", []string{"fields"}, (*Server).look},
		"GET domains/transfer": {"get_transfer", nil, (*Server).transfer},
		"POST domains/update":  {"update_domain", nil, (*Server).update},
		"GET tlds/info":        {"get_extension", nil, (*Server).extension},
		"GET processes":        {"list_processes", append(slices.Clone(lists), "identifier", "status"), (*Server).history},
	}
)

// route reads /collection, /collection/subject and /collection/subject/act.
func (s *Server) route(r *http.Request) (string, func() simkit.Answer) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, base+"/"), "/")
	key, subject := r.Method+" "+parts[0], ""
	switch len(parts) {
	case 1:
	case 2:
		key, subject = key+"/", parts[1]
	case 3:
		key, subject = key+"/"+parts[2], parts[1]
	default:
		return "", nil
	}
	c, ok := calls[key]
	if !ok {
		return "", nil
	}
	name := c.name
	if r.URL.Query().Get("export") == "true" {
		name = strings.Replace(name, "list_", "export_", 1)
	}
	return name, func() simkit.Answer {
		for param := range r.URL.Query() {
			if !slices.Contains(c.params, param) {
				return refused(http.StatusBadRequest, "ConstraintViolationException", "Unknown parameter "+param)
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		return c.serve(s, r, subject)
	}
}

// types are what failures are called that have only a status. A bare 403 or 404 is not the API's own.
var types = map[int]string{
	400: "ValidationError", 401: "AuthenticationError", 429: "TooManyRequests", 500: "InternalSRSError", 502: "ProviderConnectionError",
	503: "ProviderUnavailable",
}

func failure(status int, text string) simkit.Answer {
	if types[status] == "" {
		return simkit.JSON(status, map[string]string{"message": text})
	}
	return refused(status, types[status], text)
}

func refused(status int, kind, text string) simkit.Answer {
	return simkit.JSON(status, map[string]string{"type": kind, "message": text})
}
