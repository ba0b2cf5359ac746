package server

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"net/http"
	"time"
)

// rowLimit is how many rows a page shows; the command line shows more.
const rowLimit = 200

// refreshSeconds is how often an open status page asks again.
const refreshSeconds = 10

//go:embed assets
var assets embed.FS

// templates holds one parsed set per page, each with the layout around it.
var templates = parseTemplates("status", "runs", "failures", "login", "problem")

func parseTemplates(names ...string) map[string]*template.Template {
	base := template.Must(template.New("").Funcs(pageFuncs).ParseFS(assets, "assets/layout.gohtml"))
	set := map[string]*template.Template{}
	for _, name := range names {
		set[name] = template.Must(template.Must(base.Clone()).ParseFS(assets, "assets/"+name+".gohtml"))
	}
	return set
}

func (s *Server) pageRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /assets/style.css", s.styleSheet)
	mux.Handle("GET /{$}", s.forPeople(http.HandlerFunc(s.statusPage)))
	mux.Handle("GET /runs", s.forPeople(http.HandlerFunc(s.runsPage)))
	mux.Handle("GET /failures", s.forPeople(http.HandlerFunc(s.failuresPage)))
	sameOrigin := s.originCheck()
	mux.HandleFunc("GET /login", s.loginPage)
	mux.Handle("POST /login", sameOrigin.Handler(http.HandlerFunc(s.login)))
	mux.Handle("POST /logout", sameOrigin.Handler(http.HandlerFunc(s.logout)))
	if s.deps.Queues.Operator != nil && s.deps.Queues.Viewer != nil {
		mux.Handle("/queues/", sameOrigin.Handler(s.forPeople(http.HandlerFunc(s.queues))))
	}
}

// originCheck refuses writes that another site's page sends through a signed-in browser.
func (s *Server) originCheck() *http.CrossOriginProtection {
	check := http.NewCrossOriginProtection()
	if origin := originOf(s.cfg.PublicURL); origin != "" {
		// validate has made sure that it is an origin; behind a proxy the Host header may be another.
		_ = check.AddTrustedOrigin(origin)
	}
	return check
}

func (s *Server) styleSheet(w http.ResponseWriter, _ *http.Request) {
	css, err := assets.ReadFile("assets/style.css")
	if err != nil {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(css)
}

// page is what the layout needs around a body.
type page struct {
	Title       string
	Name        string
	Person      person
	Local       bool // no user is configured
	HasQueues   bool
	LogoutToken string
	Refresh     int // seconds; 0 = never
	Now         time.Time
	Version     string
	Body        any
}

func (s *Server) statusPage(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), depTimeout)
	defer cancel()
	status, err := s.deps.Pages.Status(ctx)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "status", "Status", status)
}

func (s *Server) runsPage(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), depTimeout)
	defer cancel()
	runs, err := s.deps.Pages.Runs(ctx, rowLimit)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "runs", "Runs", runs)
}

// failuresBody is the failures page: the open failures of one sync, or of all.
type failuresBody struct {
	Sync     string
	Failures []Failure
	Limit    int
}

func (s *Server) failuresPage(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), depTimeout)
	defer cancel()
	sync := r.URL.Query().Get("sync")
	failures, err := s.deps.Pages.Failures(ctx, sync, rowLimit)
	if err != nil {
		s.problem(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "failures", "Failures", failuresBody{Sync: sync, Failures: failures, Limit: rowLimit})
}

// problem is the page for when the state cannot be read. It tries again by itself.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, err error) {
	s.cfg.Log.Error().Err(err).Str("path", r.URL.Path).Msg("page could not be filled")
	s.render(w, r, http.StatusServiceUnavailable, "problem", "Not available", nil)
}

// render fills a page completely before the first byte is sent.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name, title string, body any) {
	p := s.pageFor(r, name, title, body)
	var html bytes.Buffer
	if err := templates[name].ExecuteTemplate(&html, "layout", p); err != nil {
		s.cfg.Log.Error().Err(err).Str("page", name).Msg("page could not be rendered")
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(html.Bytes())
}

func (s *Server) pageFor(r *http.Request, name, title string, body any) page {
	p := page{
		Title: title, Name: name, Person: personOf(r), Local: s.gate.open(),
		HasQueues: s.deps.Queues.Operator != nil,
		Now:       s.cfg.Now().UTC(), Version: s.cfg.Version, Body: body,
	}
	if p.Person.session != nil {
		p.LogoutToken = s.gate.sessions.sign("logout", p.Person.session.ID)
	}
	if name == "status" || name == "problem" {
		p.Refresh = refreshSeconds
	}
	return p
}

// apiStatus is the status page for programs.
func (s *Server) apiStatus(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), depTimeout)
	defer cancel()
	status, err := s.deps.Pages.Status(ctx)
	if err != nil {
		s.unavailable(w, err, "status could not be read")
		return
	}
	writeJSON(w, http.StatusOK, tidy(status))
}

// tidy shows what is empty as empty, never as null.
func tidy(status Status) Status {
	status.Syncs = append([]SyncStatus{}, status.Syncs...)
	for i := range status.Syncs {
		s := &status.Syncs[i]
		s.Changes, s.Failures = orEmpty(s.Changes), orEmpty(s.Failures)
		s.Current, s.Last = tidyRun(s.Current), tidyRun(s.Last)
	}
	return status
}

func tidyRun(r *Run) *Run {
	if r == nil {
		return nil
	}
	tidied := *r
	tidied.Counts = orEmpty(r.Counts)
	return &tidied
}

func orEmpty[N int | int64](m map[string]N) map[string]N {
	if m == nil {
		return map[string]N{}
	}
	return m
}
