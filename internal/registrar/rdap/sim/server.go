package sim

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// Options shape a Server.
type Options struct {
	simkit.Options
	Extensions []string // each has a server of its own, listed in the bootstrap file; default a few great ones
}

var usual = []string{"co", "com", "community", "de", "net", "org", "test", "uk"}

// Server is several registries at once.
type Server struct {
	*simkit.Server
	opt Options

	mu      sync.Mutex
	domains map[string]Domain // by key
}

// New returns registries that hold nothing.
func New(opt Options) *Server {
	if opt.Extensions == nil {
		opt.Extensions = usual
	}
	s := &Server{opt: opt}
	s.forget()
	s.Server = simkit.New(simkit.API{
		Route:       s.route,
		Failure:     failure,
		ContentType: "application/rdap+json",
		State:       func(*http.Request) any { return s.State() },
		Forget:      s.forget,
		Controls: map[string]http.HandlerFunc{
			"POST /domains": simkit.List(func(all []Domain) error { s.Hold(all...); return nil }),
			"POST /remove":  simkit.List(func(all []string) error { s.Remove(all...); return nil }),
		},
	}, opt.Options)
	return s
}

// BootstrapURL is where the file is that lists the servers; its entries point to this one.
func (s *Server) BootstrapURL() string { return s.URL() + "/dns.json" }

// BaseURL is the server of one extension.
func (s *Server) BaseURL(extension string) string { return s.URL() + "/" + extension + "/rdap" }

func (s *Server) route(r *http.Request) (string, func() simkit.Answer) {
	if r.Method != http.MethodGet || r.URL.RawQuery != "" {
		return "", nil
	}
	if r.URL.Path == "/dns.json" {
		return "bootstrap", s.bootstrap
	}
	extension, name, found := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/rdap/domain/")
	if !found || !slices.Contains(s.opt.Extensions, extension) {
		return "", nil
	}
	return "get_domain", func() simkit.Answer { return s.lookup(extension, name, r.Header.Get("Accept")) }
}

// bootstrap is in the form of IANA's file.
func (s *Server) bootstrap() simkit.Answer {
	services := [][2][]string{}
	for _, extension := range s.opt.Extensions {
		services = append(services, [2][]string{{extension}, {s.BaseURL(extension) + "/"}})
	}
	a := simkit.JSON(http.StatusOK, map[string]any{
		"description": "RDAP bootstrap file of a simulator", "publication": "2026-11-01T00:00:00Z", "version": "1.0", "services": services,
	})
	a.Header = map[string]string{"Content-Type": "application/json"}
	return a
}

func (s *Server) lookup(extension, name, accept string) simkit.Answer {
	switch {
	case !strings.Contains(accept, "application/rdap+json"):
		return failure(http.StatusNotAcceptable, "application/rdap+json is all there is")
	case name != key(name) || strings.Contains(name, "/"):
		return failure(http.StatusBadRequest, "This is not a name in lower case and punycode")
	case !strings.HasSuffix(name, "."+extension):
		return failure(http.StatusNotFound, "Not an extension of this server")
	}
	d, found := s.Domain(name)
	if !found {
		return failure(http.StatusNotFound, "Domain not found")
	}
	return d.answer()
}

// failure is how RDAP says that a call failed.
func failure(status int, text string) simkit.Answer {
	return simkit.JSON(status, map[string]any{
		"rdapConformance": []string{"rdap_level_0"}, "errorCode": status, "title": http.StatusText(status), "description": []string{text},
	})
}
