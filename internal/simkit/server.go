package simkit

import (
	"cmp"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const adminPrefix = "/_sim"

// API is what a simulator brings. Route is required. Its functions may be called by many goroutines at once.
type API struct {
	Base string // the path all calls begin with: "/api/v1"; "" = none

	// Route finds the call of a request: its name, for faults and counts, and what does it. No function = there is no
	// such call. It may look into the request's body with Body.
	Route func(r *http.Request) (name string, serve func() Answer)

	Authorize   func(r *http.Request) bool           // false = Failure with 401; it costs no token; default: everybody
	Failure     func(status int, text string) Answer // how this API says that a call failed; default Failed
	ContentType string                               // of answers that do not say; default JSON in UTF-8
	State       func(r *http.Request) any            // what GET /_sim/state shows, as JSON; default counts and violations
	Forget      func()                               // drops all data of the simulator; part of Reset
	Controls    map[string]http.HandlerFunc          // more of /_sim: "POST /domains"; see List
}

// Options are what a simulator's user may choose, whatever the API.
type Options struct {
	PageCap       int              // largest page, see PageSize; 0 = any
	RatePerSecond float64          // calls a second before 429; 0 = any number
	Burst         int              // calls at once before 429; default one second's worth
	Latency       time.Duration    // added to each call
	Clock         func() time.Time // of the rate; default time.Now
}

// Server is a simulated API. It is an http.Handler; Start makes it listen. Safe for many goroutines at once.
type Server struct {
	api   API
	opt   Options
	admin *http.ServeMux

	tally  tally
	faults faults
	bucket bucket

	mu     sync.Mutex
	server *http.Server
	addr   string
	closed chan struct{} // ends calls that hang on purpose
}

// New returns a server of which nothing was asked yet.
func New(api API, opt Options) *Server {
	api.ContentType = cmp.Or(api.ContentType, "application/json; charset=utf-8")
	if api.Failure == nil {
		api.Failure = Failed
	}
	if opt.Clock == nil {
		opt.Clock = time.Now
	}
	s := &Server{api: api, opt: opt, closed: make(chan struct{})}
	s.bucket.rate = opt.RatePerSecond
	s.bucket.size = float64(cmp.Or(opt.Burst, int(math.Ceil(opt.RatePerSecond)), 1))
	s.tally.reset()
	s.admin = s.adminRoutes()
	return s
}

// ServeHTTP serves the API under its base, and the controls under /_sim.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, adminPrefix) {
		s.admin.ServeHTTP(w, r)
		return
	}
	name, serve := s.route(r)
	s.tally.begin(name)
	defer s.tally.end()
	s.pause(r, s.opt.Latency)
	a := s.answerTo(r, name, serve)
	s.tally.status(a.Status)
	s.write(w, r, a)
}

func (s *Server) route(r *http.Request) (string, func() Answer) {
	if strings.HasPrefix(r.URL.Path, s.api.Base) {
		if name, serve := s.api.Route(r); serve != nil {
			return name, serve
		}
	}
	return "unknown", func() Answer { return s.api.Failure(http.StatusNotFound, "Not found") }
}

func (s *Server) answerTo(r *http.Request, name string, serve func() Answer) Answer {
	fault := s.faults.take(r.Method, strings.TrimPrefix(r.URL.Path, s.api.Base), name)
	if a, done := s.before(fault, r); done {
		return a
	}
	return fault.after(s.checked(r, serve))
}

func (s *Server) checked(r *http.Request, serve func() Answer) Answer {
	if s.api.Authorize != nil && !s.api.Authorize(r) {
		return s.unauthorized()
	}
	if wait := s.bucket.take(s.opt.Clock()); wait > 0 {
		return s.tooMany(seconds(wait + time.Second))
	}
	return serve()
}

// PageSize is how many records a page holds when that many were asked for.
func (s *Server) PageSize(asked int) int {
	if s.opt.PageCap > 0 {
		asked = min(asked, s.opt.PageCap)
	}
	return s.faults.pageCap(asked)
}

// Start listens on addr ("127.0.0.1:0" for any free port) until Close.
func (s *Server) Start(addr string) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addr = listener.Addr().String()
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go s.server.Serve(listener) //nolint:errcheck // it ends by Close
	return nil
}

// URL is the base_url of the API; "" before Start.
func (s *Server) URL() string { return s.at(s.api.Base) }

// AdminURL is where the controls are; "" before Start.
func (s *Server) AdminURL() string { return s.at(adminPrefix) }

func (s *Server) at(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.addr == "" {
		return ""
	}
	return "http://" + s.addr + path
}

// Close stops listening and ends every call, also those that hang on purpose. Call it once.
func (s *Server) Close() error {
	close(s.closed)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server == nil {
		return nil
	}
	return s.server.Close()
}
