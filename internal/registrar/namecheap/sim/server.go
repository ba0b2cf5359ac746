package sim

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

const base = "/xml.response"

// Options shape a Server. APIUser, APIKey and ClientIP are required.
type Options struct {
	simkit.Options
	APIUser   string // also the UserName
	APIKey    string
	ClientIP  string // the one address on the list
	PerMinute int    // calls of the key before error 500000; 0 = any number
	PerHour   int
	PerDay    int
}

// Server is a simulated account.
type Server struct {
	*simkit.Server
	opt Options

	mu        sync.Mutex
	lastID    int
	domains   map[string]*Domain // by key
	transfers []Transfer
	windows   []window
}

// New returns an account that holds nothing.
func New(opt Options) *Server {
	if opt.Clock == nil {
		opt.Clock = time.Now
	}
	s := &Server{opt: opt}
	s.forget()
	s.Server = simkit.New(simkit.API{
		Base:        base,
		Route:       s.route,
		Failure:     failure,
		ContentType: "text/xml; charset=utf-8",
		State:       func(*http.Request) any { return s.State() },
		Forget:      s.forget,
		Controls: map[string]http.HandlerFunc{
			"POST /domains":   simkit.List(func(all []Domain) error { s.Hold(all...); return nil }),
			"POST /remove":    simkit.List(func(all []string) error { s.Remove(all...); return nil }),
			"POST /transfers": simkit.List(func(all []Transfer) error { s.Order(all...); return nil }),
		},
	}, opt.Options)
	return s
}

// command is what the API can be asked: the call's name, the parameters it knows beside the global ones, and what it does.
type command struct {
	call   string
	params []string
	serve  func(s *Server, r *http.Request) simkit.Answer
}

var commands = map[string]command{
	"namecheap.domains.getList": {
		"list_domains", []string{"ListType", "SearchTerm", "Page", "PageSize", "SortBy"}, (*Server).listDomains,
	},
	"namecheap.domains.getInfo": {"get_domain", []string{"DomainName"}, (*Server).getDomain},
	"namecheap.domains.transfer.getList": {
		"list_transfers", []string{"ListType", "SearchTerm", "Page", "PageSize", "SortBy"}, (*Server).listTransfers,
	},
	"namecheap.whoisguard.enable":  {"enable_privacy", []string{"WhoisguardID", "ForwardedToEmail"}, (*Server).enablePrivacy},
	"namecheap.whoisguard.disable": {"disable_privacy", []string{"WhoisguardID"}, (*Server).disablePrivacy},
}

var global = []string{"ApiUser", "ApiKey", "UserName", "ClientIp", "Command"}

func (s *Server) route(r *http.Request) (string, func() simkit.Answer) {
	if r.URL.Path != base || (r.Method != http.MethodPost && r.Method != http.MethodGet) {
		return "", nil
	}
	if _, err := simkit.Body(r); err != nil || r.ParseForm() != nil {
		return "", nil
	}
	cmd, known := commands[r.Form.Get("Command")]
	if !known {
		return "unknown", func() simkit.Answer { return refusal("1010104", "Parameter Command is invalid") }
	}
	return cmd.call, func() simkit.Answer { return s.checked(r, cmd) }
}

// checked is the order of the real server, as far as it is known: who, from where, how often, what.
func (s *Server) checked(r *http.Request, cmd command) simkit.Answer {
	if r.URL.Query().Has("ApiKey") {
		s.Violate("key_in_url", r.Form.Get("Command"))
	}
	switch {
	case r.Form.Get("ApiUser") != s.opt.APIUser || r.Form.Get("UserName") != s.opt.APIUser:
		return refusal("1010101", "Parameter ApiUser is missing or invalid")
	case r.Form.Get("ApiKey") != s.opt.APIKey:
		return refusal("1011102", "API Key is invalid or API access has not been enabled")
	case r.Form.Get("ClientIp") != s.opt.ClientIP:
		return refusal("1011150", "Invalid request IP: "+r.Form.Get("ClientIp"))
	case s.tooMany():
		return refusal("500000", "Too many requests")
	}
	for name := range r.Form {
		if !slices.Contains(global, name) && !slices.Contains(cmd.params, name) {
			return refusal("2010000", "Parameter "+name+" is not known")
		}
	}
	return cmd.serve(s, r)
}

// window counts calls until it is over.
type window struct {
	size  time.Duration
	limit int
	end   time.Time
	calls int
}

func (s *Server) tooMany() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opt.Clock()
	over := false
	for i := range s.windows {
		w := &s.windows[i]
		if !now.Before(w.end) {
			w.end, w.calls = now.Add(w.size), 0
		}
		w.calls++
		over = over || w.limit > 0 && w.calls > w.limit
	}
	return over
}
