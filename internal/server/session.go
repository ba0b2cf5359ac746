package server

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	sessionLife = 12 * time.Hour
	formLife    = time.Hour
)

// sessions issues and reads the signed cookies. The key lives as long as the process: a restart signs everybody out.
type sessions struct {
	key    []byte
	secure bool
	now    func() time.Time

	mu    sync.Mutex
	ended map[string]time.Time // ids signed out before their time, until they would have expired
}

// session is one signed-in browser.
type session struct {
	ID      string
	Name    string
	Expires time.Time
}

func newSessions(cfg Config) *sessions {
	return &sessions{key: randomBytes(32), secure: cfg.secure(), now: cfg.Now, ended: map[string]time.Time{}}
}

// cookieName carries the prefix that browsers bind to https and to this very host, where that is possible.
func (s *sessions) cookieName(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return name
}

func (s *sessions) cookie(name, value string, life time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: int(life.Seconds()),
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	}
}

// expired tells the browser to forget a cookie.
func (s *sessions) expired(name string) *http.Cookie {
	c := s.cookie(name, "", 0)
	c.MaxAge = -1
	return c
}

const (
	sessionCookie = "whmcsync_session"
	formCookie    = "whmcsync_form"
)

// issue makes the cookie of a new session.
func (s *sessions) issue(name string) *http.Cookie {
	body := strings.Join([]string{
		hex.EncodeToString(randomBytes(16)),
		strconv.FormatInt(s.now().Add(sessionLife).Unix(), 10),
		base64.RawURLEncoding.EncodeToString([]byte(name)),
	}, ".")
	return s.cookie(sessionCookie, body+"."+s.sign("session", body), sessionLife)
}

// fromRequest reads the session cookie; false when there is none, it is forged, expired or was ended.
func (s *sessions) fromRequest(r *http.Request) (session, bool) {
	c, err := r.Cookie(s.cookieName(sessionCookie))
	if err != nil {
		return session{}, false
	}
	found, ok := s.parse(c.Value)
	return found, ok && s.now().Before(found.Expires) && !s.wasEnded(found.ID)
}

func (s *sessions) parse(value string) (session, bool) {
	parts := strings.Split(value, ".")
	if len(parts) != 4 || !s.signed("session", strings.Join(parts[:3], "."), parts[3]) {
		return session{}, false
	}
	expires, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return session{}, false
	}
	name, err := base64.RawURLEncoding.DecodeString(parts[2])
	return session{ID: parts[0], Name: string(name), Expires: time.Unix(expires, 0)}, err == nil
}

// end makes a session worthless although its cookie is still signed.
func (s *sessions) end(gone session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, expires := range s.ended {
		if s.now().After(expires) {
			delete(s.ended, id)
		}
	}
	s.ended[gone.ID] = gone.Expires
}

func (s *sessions) wasEnded(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ended := s.ended[id]
	return ended
}

// sign makes the token of a purpose, for cookies and forms; one purpose's token is worthless for another.
func (s *sessions) sign(purpose, text string) string {
	return hex.EncodeToString(keyedHash(s.key, purpose, text))
}

func (s *sessions) signed(purpose, text, token string) bool {
	return hmac.Equal([]byte(s.sign(purpose, text)), []byte(token))
}

// mark is a fingerprint of a password that is worth nothing outside this process.
func (s *sessions) mark(name, password string) [32]byte {
	return [32]byte(keyedHash(s.key, "password", name, password))
}
