package server

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// gate knows the users and tokens and finds out who is behind a request.
type gate struct {
	users    map[string]User
	tokens   []Token
	sessions *sessions
	attempts *attempts
	hashing  chan struct{} // bcrypt is expensive on purpose: only so many at once
	dummy    []byte        // what the password of an unknown user is compared with

	mu    sync.Mutex
	known map[string][32]byte // user -> mark of the newest right password, so that Basic does not hash each time
}

// hashingAtOnce leaves a core to everything else.
const hashingAtOnce = 2

func newGate(cfg Config) *gate {
	g := &gate{
		users:    map[string]User{},
		tokens:   cfg.Tokens,
		sessions: newSessions(cfg),
		attempts: newAttempts(cfg.Now),
		hashing:  make(chan struct{}, hashingAtOnce),
		known:    map[string][32]byte{},
	}
	for _, u := range cfg.Users {
		u.Role = cmp.Or(u.Role, RoleViewer)
		g.users[u.Name] = u
		if isBcrypt(u.Password.Reveal()) {
			g.dummy = []byte(u.Password.Reveal())
		}
	}
	return g
}

// person is who asks, and what they may do.
type person struct {
	Name    string
	Role    Role
	session *session // nil unless signed in by the form
}

// Operator says that the person may change things.
func (p person) Operator() bool { return p.Role == RoleOperator }

// open says that nobody is configured: the pages then answer this machine only.
func (g *gate) open() bool { return len(g.users) == 0 }

// identify finds the person behind a request: session cookie, HTTP Basic or, when no user is configured, whoever works
// on this machine. wait > 0: too many wrong passwords, come back then.
func (g *gate) identify(r *http.Request) (p person, wait time.Duration, ok bool) {
	if g.open() {
		return person{Name: "local", Role: RoleOperator}, 0, isLocal(r)
	}
	if p, ok := g.fromSession(r); ok {
		return p, 0, true
	}
	name, password, given := r.BasicAuth()
	if !given {
		return person{}, 0, false
	}
	wait, ok = g.checkPassword(name, password, peerIP(r))
	return person{Name: name, Role: g.users[name].Role}, wait, ok
}

func (g *gate) fromSession(r *http.Request) (person, bool) {
	s, ok := g.sessions.fromRequest(r)
	if !ok {
		return person{}, false
	}
	u, ok := g.users[s.Name]
	return person{Name: u.Name, Role: u.Role, session: &s}, ok
}

// checkPassword takes as long for an unknown user as for a known one, and stops listening for a while to somebody who
// was wrong too often.
func (g *gate) checkPassword(name, password, peer string) (wait time.Duration, ok bool) {
	u, exists := g.users[name]
	if exists && g.remembered(name, password) {
		return 0, true
	}
	key := peer // all names that do not exist share one counter, so that names cannot be tried out in bulk
	if exists {
		key += "|" + name
	}
	if wait := g.attempts.take(key); wait > 0 {
		return wait, false
	}
	if !g.matches(u.Password.Reveal(), password) || !exists {
		return 0, false
	}
	g.attempts.forgive(key)
	g.remember(name, password)
	return 0, true
}

func (g *gate) matches(want, got string) bool {
	if want == "" && g.dummy != nil {
		want = string(g.dummy)
	}
	if !isBcrypt(want) {
		return sameText(want, got)
	}
	g.hashing <- struct{}{}
	defer func() { <-g.hashing }()
	return bcrypt.CompareHashAndPassword([]byte(want), []byte(got)) == nil
}

func isBcrypt(s string) bool {
	return len(s) == 60 && (strings.HasPrefix(s, "$2a$") || strings.HasPrefix(s, "$2b$") || strings.HasPrefix(s, "$2y$"))
}

func (g *gate) remembered(name, password string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	want, ok := g.known[name]
	got := g.sessions.mark(name, password)
	return ok && subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

func (g *gate) remember(name, password string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known[name] = g.sessions.mark(name, password)
}

// hasToken says that the request carries one of the tokens. Every token is compared, whatever the outcome.
func (g *gate) hasToken(r *http.Request) bool {
	got, ok := bearer(r)
	found := false
	for _, t := range g.tokens {
		if sameText(t.Value.Reveal(), got) {
			found = true
		}
	}
	return ok && found
}

func bearer(r *http.Request) (string, bool) {
	scheme, value, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(value), ok && strings.EqualFold(scheme, "Bearer")
}

// sameText compares in a time that tells nothing, not even the length.
func sameText(want, got string) bool {
	a, b := sha256.Sum256([]byte(want)), sha256.Sum256([]byte(got))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func keyedHash(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return h.Sum(nil)
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: the runtime stops the program instead
	return b
}

type personKey struct{}

func withPerson(r *http.Request, p person) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), personKey{}, p))
}

func personOf(r *http.Request) person {
	p, _ := r.Context().Value(personKey{}).(person)
	return p
}
