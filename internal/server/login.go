package server

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxForm is more than a name, a password and two tokens need.
const maxForm = 8 << 10

// forPeople lets a person through to the pages and sends everybody else to sign in.
func (s *Server) forPeople(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, wait, ok := s.gate.identify(r)
		if ok {
			next.ServeHTTP(w, withPerson(r, p))
			return
		}
		s.turnAway(w, r, wait)
	})
}

// forReaders lets programs with a token through too.
func (s *Server) forReaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.gate.hasToken(r) || (r.URL.Path == "/metrics" && isLocal(r)) {
			next.ServeHTTP(w, r)
			return
		}
		if _, wait, ok := s.gate.identify(r); !ok {
			s.denyProgram(w, wait)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) turnAway(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	browser := strings.Contains(r.Header.Get("Accept"), "text/html")
	switch {
	case s.gate.open():
		writeError(w, http.StatusForbidden, "no user is configured, so the pages answer on the machine itself only")
	case browser && wait == 0 && isSafe(r.Method):
		http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
	default:
		s.denyProgram(w, wait)
	}
}

func (s *Server) denyProgram(w http.ResponseWriter, wait time.Duration) {
	if wait > 0 {
		retryAfter(w, wait)
		writeError(w, http.StatusTooManyRequests, "too many wrong passwords, wait a minute")
		return
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="whmcsync", charset="UTF-8"`)
	writeError(w, http.StatusUnauthorized, "sign in, or send a token")
}

func retryAfter(w http.ResponseWriter, wait time.Duration) {
	seconds := int((wait + time.Second - 1) / time.Second)
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
}

func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// loginForm is what the sign-in page shows.
type loginForm struct {
	Next  string
	Token string
	Name  string
	Error string
}

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) {
	if _, _, ok := s.gate.identify(r); ok {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s.showLogin(w, r, http.StatusOK, loginForm{Next: localPath(r.FormValue("next"))})
}

// showLogin binds the form to the browser it is shown to: the token is worth something only beside the cookie.
func (s *Server) showLogin(w http.ResponseWriter, r *http.Request, status int, form loginForm) {
	id := hex.EncodeToString(randomBytes(16))
	http.SetCookie(w, s.gate.sessions.cookie(formCookie, id, formLife))
	form.Token = s.gate.sessions.sign("login", id)
	s.render(w, r, status, "login", "Sign in", form)
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if !s.formIsOurs(r) {
		s.showLogin(w, r, http.StatusForbidden, loginForm{Error: "The form was too old. Please try again."})
		return
	}
	name, next := r.PostFormValue("name"), localPath(r.PostFormValue("next"))
	wait, ok := s.gate.checkPassword(name, r.PostFormValue("password"), peerIP(r))
	switch {
	case wait > 0:
		retryAfter(w, wait)
		s.showLogin(w, r, http.StatusTooManyRequests, loginForm{Next: next, Name: name, Error: "Too many wrong passwords. Please wait a minute."})
	case !ok:
		s.cfg.Log.Warn().Str("peer", peerIP(r)).Msg("sign-in refused")
		s.showLogin(w, r, http.StatusUnauthorized, loginForm{Next: next, Name: name, Error: "Name or password is wrong."})
	default:
		http.SetCookie(w, s.gate.sessions.issue(name))
		http.SetCookie(w, s.gate.sessions.expired(formCookie))
		http.Redirect(w, r, next, http.StatusSeeOther)
	}
}

func (s *Server) formIsOurs(r *http.Request) bool {
	c, err := r.Cookie(s.gate.sessions.cookieName(formCookie))
	return err == nil && s.gate.sessions.signed("login", c.Value, r.PostFormValue("token"))
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	found, ok := s.gate.sessions.fromRequest(r)
	if ok && !s.gate.sessions.signed("logout", found.ID, r.PostFormValue("token")) {
		writeError(w, http.StatusForbidden, "the form was not ours")
		return
	}
	if ok {
		s.gate.sessions.end(found)
	}
	http.SetCookie(w, s.gate.sessions.expired(sessionCookie))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// localPath keeps a redirect on this server: anything but a plain path of ours becomes the start page.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return "/"
	}
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}
