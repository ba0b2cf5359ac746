package sim

import (
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

const prefix = "/api/v1"

// Server is the simulated account: the API under /api/v1, the controls under /_sim. Safe for many goroutines at once.
type Server struct {
	*simkit.Server
	opt   Options
	paths map[string]endpoint // by method and path

	people people
	jobs   jobs
}

// endpoint serves one call. ID is the number in the path, 0 where there is none.
type endpoint struct {
	name  string
	serve func(r *http.Request, id int64) simkit.Answer
}

// New returns a server that holds nobody yet.
func New(opt Options) *Server {
	opt = opt.withDefaults()
	s := &Server{opt: opt}
	s.forget()
	s.paths = s.routes()
	s.Server = simkit.New(simkit.API{
		Base: prefix, Route: s.route, Authorize: s.knows, State: s.shownState, Forget: s.forget,
		Controls: map[string]http.HandlerFunc{
			"POST /subscribers": simkit.List(func(all []Person) error { s.Seed(all...); return nil }),
		},
	}, simkit.Options{
		PageCap: opt.PageCap, RatePerSecond: opt.RatePerSecond, Burst: opt.Burst, Latency: opt.Latency, Clock: opt.Clock,
	})
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

func (s *Server) route(r *http.Request) (name string, serve func() simkit.Answer) {
	e, id := s.find(r.Method, strings.TrimPrefix(r.URL.Path, prefix))
	if e.serve == nil {
		return "", nil
	}
	return e.name, func() simkit.Answer { return e.serve(r, id) }
}

// find looks up the endpoint of a path, and the number in it.
func (s *Server) find(method, path string) (endpoint, int64) {
	if e, ok := s.paths[method+" "+path]; ok {
		return e, 0
	}
	parts := strings.SplitN(path, "/", 4)
	if len(parts) < 3 {
		return endpoint{}, 0
	}
	id, err := strconv.ParseInt(parts[2], 10, 64)
	parts[2] = "{id}"
	if err != nil {
		return endpoint{}, 0
	}
	return s.paths[method+" "+strings.Join(parts, "/")], id
}

func (s *Server) knows(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Auth-Token")), []byte(s.opt.APIKey)) == 1
}

func invalid(field, text string) simkit.Answer {
	return simkit.JSON(http.StatusUnprocessableEntity, map[string]any{"errors": map[string][]string{field: {text}}})
}
