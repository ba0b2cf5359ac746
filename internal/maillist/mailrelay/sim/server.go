package sim

import (
	"crypto/subtle"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	prefix      = "/api/v1"
	adminPrefix = "/_sim"
)

// Server is the simulated account. It is an http.Handler; Start makes it listen. Safe for many goroutines at once.
type Server struct {
	opt   Options
	paths map[string]endpoint // by method and path
	admin *http.ServeMux

	people people
	jobs   jobs
	tally  tally
	faults faults
	bucket bucket

	mu     sync.Mutex
	server *http.Server
	addr   string
	closed chan struct{} // ends calls that hang on purpose
}

// answer is what an endpoint says; it is kept apart from the writing, so that a fault can come between.
type answer struct {
	status  int
	body    []byte
	header  map[string]string
	sending sending       // how the body goes out
	delay   time.Duration // with slow: over what time
}

// endpoint serves one call. ID is the number in the path, 0 where there is none.
type endpoint struct {
	name  string
	serve func(r *http.Request, id int64) answer
}

// New returns a server that holds nobody yet.
func New(opt Options) *Server {
	opt = opt.withDefaults()
	s := &Server{opt: opt, closed: make(chan struct{})}
	s.bucket.rate, s.bucket.size = opt.RatePerSecond, float64(opt.Burst)
	s.Reset()
	s.paths = s.routes()
	s.admin = s.adminRoutes()
	return s
}

func (s *Server) routes() map[string]endpoint {
	return map[string]endpoint{
		"GET /ping":                       {"ping", s.ping},
		"GET /groups":                     {"list_groups", s.listGroups},
		"GET /custom_fields":              {"list_custom_fields", s.listFields},
		"GET /package":                    {"get_package", s.getPackage},
		"GET /subscribers":                {"list_subscribers", s.listLive},
		"GET /subscribers/deleted":        {"list_deleted", s.listDeleted},
		"GET /subscribers/{id}":           {"get_subscriber", s.getPerson},
		"DELETE /subscribers/{id}":        {"delete_subscriber", s.deletePerson},
		"PATCH /subscribers/{id}/restore": {"restore_subscriber", s.restorePerson},
		"PATCH /subscribers/{id}/ban":     {"ban_subscriber", s.banPerson},
		"PATCH /subscribers/{id}/unban":   {"unban_subscriber", s.unbanPerson},
		"POST /subscribers/sync":          {"sync_subscriber", s.syncPerson},
		"POST /api_batches":               {"start_batch", s.startJob},
		"GET /api_batches/{id}":           {"get_batch", s.getJob},
	}
}

// ServeHTTP serves the API under /api/v1 and the controls under /_sim/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, adminPrefix) {
		s.admin.ServeHTTP(w, r)
		return
	}
	e, id := s.find(r.Method, r.URL.Path)
	s.tally.begin(e.name)
	defer s.tally.end()
	s.pause(r, s.opt.Latency)
	a := s.answerTo(e, r, id)
	s.tally.status(a.status)
	s.write(w, r, a)
}

// find looks up the endpoint of a path behind /api/v1, and the number in it.
func (s *Server) find(method, path string) (endpoint, int64) {
	path, inside := strings.CutPrefix(path, prefix)
	if e, ok := s.paths[method+" "+path]; ok && inside {
		return e, 0
	}
	parts := strings.SplitN(path, "/", 4)
	if inside && len(parts) > 2 {
		id, err := strconv.ParseInt(parts[2], 10, 64)
		parts[2] = "{id}"
		if e, ok := s.paths[method+" "+strings.Join(parts, "/")]; ok && err == nil {
			return e, id
		}
	}
	return endpoint{"unknown", func(*http.Request, int64) answer { return failed(http.StatusNotFound, "Not found") }}, 0
}

func (s *Server) answerTo(e endpoint, r *http.Request, id int64) answer {
	fault, faulty := s.faults.take(r)
	if faulty {
		if a, done := s.before(fault, r); done {
			return a
		}
	}
	a := s.checked(e, r, id)
	if faulty {
		a = fault.after(a)
	}
	return a
}

func (s *Server) checked(e endpoint, r *http.Request, id int64) answer {
	if !s.knows(r.Header.Get("X-Auth-Token")) {
		return failed(http.StatusUnauthorized, "Unauthorized")
	}
	if wait := s.bucket.take(s.opt.Clock()); wait > 0 {
		return tooMany(strconv.Itoa(int(wait.Seconds()) + 1))
	}
	return e.serve(r, id)
}

func (s *Server) knows(key string) bool {
	return subtle.ConstantTimeCompare([]byte(key), []byte(s.opt.APIKey)) == 1
}

// pause waits like a slow network, but not for a client that has left.
func (s *Server) pause(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-s.closed:
	}
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
func (s *Server) URL() string { return s.at(prefix) }

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

func ok(status int, body []byte) answer { return answer{status: status, body: body} }

func failed(status int, text string) answer {
	return ok(status, mustJSON(map[string]string{"error": text}))
}

func invalid(field, text string) answer {
	return ok(http.StatusUnprocessableEntity, mustJSON(map[string]any{"errors": map[string][]string{field: {text}}}))
}

func tooMany(retryAfter string) answer {
	a := failed(http.StatusTooManyRequests, "Too many requests")
	if retryAfter != "" {
		a.header = map[string]string{"Retry-After": retryAfter}
	}
	return a
}

// mustJSON is for values of our own making.
func mustJSON(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}
