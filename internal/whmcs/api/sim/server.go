package sim

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

const base = "/includes/api.php"

// Options shape a Server. Identifier and Secret are required.
type Options struct {
	simkit.Options
	Identifier string
	Secret     string
	AccessKey  string   // lets callers in from anywhere; "" = there is none
	AllowedIP  string   // the one address on the list; default 127.0.0.1
	Actions    []string // that the API role allows; nil = all
	Templates  []string // domain mails that there are; default the two about transfers
	Domains    []int64  // tbldomains.id that there are; nil = every positive one
	Version    string   // of WHMCS; "" = older than 8.0, which does not know WhmcsDetails
}

// Mail is one that was asked for.
type Mail struct {
	Template string `json:"template"`
	DomainID int64  `json:"domain_id"`
}

// Server is a simulated install.
type Server struct {
	*simkit.Server
	opt Options

	mu    sync.Mutex
	mails []Mail
}

// New returns an install that has sent no mail.
func New(opt Options) *Server {
	if opt.AllowedIP == "" {
		opt.AllowedIP = "127.0.0.1"
	}
	if opt.Templates == nil {
		opt.Templates = []string{"Domain Transfer Completed", "Domain Transfer Failed"}
	}
	s := &Server{opt: opt}
	s.Server = simkit.New(simkit.API{
		Base: base, Route: s.route, Failure: refusal, State: func(*http.Request) any { return s.state() }, Forget: s.forget,
	}, opt.Options)
	return s
}

// Mails are those that were sent, in order; empty, not nil, when there are none.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail{}, s.mails...)
}

func (s *Server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = nil
}

func (s *Server) state() any {
	return struct {
		Mails []Mail `json:"mails"`
		simkit.Counts
		Violations []simkit.Violation `json:"violations"`
	}{s.Mails(), s.Counts(), s.Violations()}
}

// actions is what the API can be asked; their names are not case-sensitive.
var actions = map[string]func(s *Server, r *http.Request) simkit.Answer{
	"sendemail":    (*Server).sendEmail,
	"whmcsdetails": (*Server).details,
}

func (s *Server) route(r *http.Request) (string, func() simkit.Answer) {
	if r.URL.Path != base || r.Method != http.MethodPost {
		return "", nil
	}
	if _, err := simkit.Body(r); err != nil || r.ParseForm() != nil {
		return "", nil
	}
	return r.Form.Get("action"), func() simkit.Answer { return s.checked(r) }
}

// checked asks who, from where, whether that is allowed, and what, in this order.
func (s *Server) checked(r *http.Request) simkit.Answer {
	for _, name := range []string{"identifier", "secret", "accesskey"} {
		if r.URL.Query().Has(name) {
			s.Violate("secret_in_url", name)
		}
	}
	name := strings.ToLower(r.PostForm.Get("action"))
	act, known := actions[name]
	switch {
	case r.PostForm.Get("identifier") != s.opt.Identifier || r.PostForm.Get("secret") != s.opt.Secret:
		return refusal(http.StatusForbidden, "Authentication Failed")
	case !s.letsIn(r):
		return refusal(http.StatusForbidden, "Invalid IP "+caller(r))
	case !known || name == "whmcsdetails" && s.opt.Version == "":
		return refusal(http.StatusOK, "Command Not Found")
	case s.opt.Actions != nil && !slices.ContainsFunc(s.opt.Actions, func(a string) bool { return strings.EqualFold(a, name) }):
		return refusal(http.StatusForbidden, fmt.Sprintf("Invalid Permissions: API action %q is not allowed", name))
	case r.PostForm.Get("responsetype") != "json":
		return simkit.Answer{Status: http.StatusOK, Body: []byte("result=error;message=this is how answers look unless JSON is asked for;")}
	}
	return act(s, r)
}

func (s *Server) letsIn(r *http.Request) bool {
	if s.opt.AccessKey != "" && r.PostForm.Get("accesskey") == s.opt.AccessKey {
		return true
	}
	return caller(r) == s.opt.AllowedIP
}

func caller(r *http.Request) string {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return host
}

func (s *Server) sendEmail(r *http.Request) simkit.Answer {
	template := r.PostForm.Get("messagename")
	id, err := strconv.ParseInt(r.PostForm.Get("id"), 10, 64)
	switch {
	case template == "":
		return refusal(http.StatusOK, "You must provide either an existing email template name or a custom message type")
	case r.PostForm.Get("id") == "":
		return refusal(http.StatusOK, "A related ID is required")
	case !slices.Contains(s.opt.Templates, template):
		return refusal(http.StatusOK, "Email Template not found")
	case err != nil || id <= 0 || s.opt.Domains != nil && !slices.Contains(s.opt.Domains, id):
		return refusal(http.StatusOK, "Sending Failed. Please see documentation.")
	}
	s.keep(Mail{template, id})
	return simkit.JSON(http.StatusOK, map[string]string{"result": "success"})
}

func (s *Server) keep(mail Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.mails, mail) {
		s.Violate("mailed_twice", fmt.Sprintf("%s to the owner of domain %d", mail.Template, mail.DomainID))
	}
	s.mails = append(s.mails, mail)
}

func (s *Server) details(*http.Request) simkit.Answer {
	return simkit.JSON(http.StatusOK, map[string]any{
		"result": "success", "whmcs": map[string]string{"version": s.opt.Version, "canonicalversion": s.opt.Version + "-release.1"},
	})
}

func refusal(status int, text string) simkit.Answer {
	return simkit.JSON(status, map[string]string{"result": "error", "message": text})
}
