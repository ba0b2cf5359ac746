package sim

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

const prefix = "/api"

// Options shape a Server. UserID and Key are required.
type Options struct {
	UserID, Key   string
	PageCap       int           // largest page; more is cut down without a word; default 500
	RatePerSecond float64       // calls a second before 429; 0 = any number
	Burst         int           // calls at once before 429; default one second's worth
	Latency       time.Duration // added to each call
	Clock         func() time.Time
	HideDeleted   bool // a list without a status leaves deleted orders out
	Unsorted      bool // order-by is taken without a word and not obeyed
	NoneIsError   bool // a list that is empty is an error
	RefuseSame    bool // switching what is so already is an error
}

// Server is the simulated account: the API under /api, the controls under /_sim. Safe for many goroutines at once.
type Server struct {
	*simkit.Server
	opt   Options
	paths map[string]endpoint // by method and path

	mu      sync.Mutex
	orders  []Order  // by number
	actions []Action // in the order in which they were added
	nextID  int64
}

// endpoint serves one call with no parameters but those it takes.
type endpoint struct {
	name  string
	takes []string
	serve func(query url.Values) simkit.Answer
}

// New returns a server that holds nothing yet.
func New(opt Options) *Server {
	s := &Server{opt: opt}
	s.forget()
	s.paths = s.routes()
	s.Server = simkit.New(simkit.API{
		Base: prefix, Route: s.route, Authorize: s.knows, Failure: failed, State: s.shownState, Forget: s.forget,
		Controls: map[string]http.HandlerFunc{
			"POST /orders":  simkit.List(func(all []Order) error { s.Seed(all...); return nil }),
			"POST /actions": simkit.List(func(all []Action) error { s.Act(all...); return nil }),
		},
	}, simkit.Options{
		PageCap: opt.PageCap, RatePerSecond: opt.RatePerSecond, Burst: opt.Burst, Latency: opt.Latency, Clock: opt.Clock,
	})
	return s
}

func (s *Server) routes() map[string]endpoint {
	list := []string{"no-of-records", "page-no"}
	return map[string]endpoint{
		"GET /domains/search.json": {
			"search_orders", append(slices.Clone(list), "order-by", "status", "domain-name", "show-child-orders"), s.search,
		},
		"GET /domains/details-by-name.json":            {"get_details", []string{"domain-name", "options"}, s.details},
		"GET /actions/search-current.json":             {"list_current_actions", append(slices.Clone(list), "order-id"), s.currentActions},
		"GET /actions/search-archived.json":            {"list_archived_actions", append(slices.Clone(list), "order-id"), s.archivedActions},
		"POST /domains/modify-privacy-protection.json": {"set_privacy", []string{"order-id", "protect-privacy", "reason"}, s.setPrivacy},
	}
}

func (s *Server) route(r *http.Request) (name string, serve func() simkit.Answer) {
	e := s.paths[r.Method+" "+strings.TrimPrefix(r.URL.Path, prefix)]
	if e.serve == nil {
		return "", nil
	}
	return e.name, func() simkit.Answer {
		query := r.URL.Query()
		for parameter := range query {
			if !slices.Contains(append(e.takes, "auth-userid", "api-key"), parameter) {
				return refused("Invalid parameter: " + parameter)
			}
		}
		return e.serve(query)
	}
}

func (s *Server) knows(r *http.Request) bool {
	query := r.URL.Query()
	return same(query.Get("auth-userid"), s.opt.UserID) && same(query.Get("api-key"), s.opt.Key)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// failed is how this API says that a call failed.
func failed(status int, text string) simkit.Answer {
	return simkit.JSON(status, map[string]string{"status": "ERROR", "message": text})
}

// refused is how it says no: with HTTP 500, as the real one often does.
func refused(text string) simkit.Answer { return failed(http.StatusInternalServerError, text) }
