package openprovider

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/wire"
)

// Logins are far below what is punished (30 a minute; 100 refused ones an hour), so that several processes may go wrong
// at once.
const (
	loginsAMinute = 5
	refusalLasts  = 5 * time.Minute
)

// session sends calls with the account's token, and never the same call too often.
type session struct {
	account string
	http    *httpx.Client
	tokens  TokenStore
	who     wire.Credentials
	calls   *guard
	logins  *guard

	mu      sync.Mutex
	refusal error // of the last login, until then
	until   time.Time
}

// Do sends a request. A token that is refused is renewed once.
func (s *session) Do(ctx context.Context, r httpx.Request) (httpx.Response, error) {
	token, err := s.token(ctx, r, "")
	if err != nil {
		return httpx.Response{}, err
	}
	res, refused, err := s.send(ctx, r, token)
	if !refused {
		return res, err
	}
	if token, err = s.token(ctx, r, token); err != nil {
		return res, err
	}
	res, _, err = s.send(ctx, r, token)
	return res, err
}

// send makes one call. Refused says that the token was.
func (s *session) send(ctx context.Context, r httpx.Request, token string) (res httpx.Response, refused bool, err error) {
	judge := r.Judge
	r.Judge = func(status int, body []byte) *httpx.Verdict {
		refused = wire.TokenRefused(status, body)
		return judge(status, body)
	}
	r.Header, r.Secrets = http.Header{"Authorization": {"Bearer " + token}}, []string{token}
	res, err = s.guarded(ctx, s.calls, r)
	return res, refused, err
}

// guarded makes a call if it was not made too often. One that the account's own limit holds back does not count.
func (s *session) guarded(ctx context.Context, g *guard, r httpx.Request) (httpx.Response, error) {
	call := identity(r)
	if wait := g.admit(call, time.Now()); wait > 0 {
		err := fault.New(fault.RateLimited, s.account, r.Op, "the same call was made too often of late")
		err.RetryAfter = max(wait, time.Second)
		return httpx.Response{}, err
	}
	res, err := s.http.Do(ctx, r)
	if res.Status == 0 && fault.Is(err, fault.RateLimited) {
		g.takeBack(call)
	}
	return res, err
}

// identity is all by which Openprovider tells two calls apart.
func identity(r httpx.Request) string {
	body, _ := json.Marshal(r.Body) // what cannot be marshalled is not sent either
	return r.Method + " " + r.Path + "?" + r.Query.Encode() + " " + string(body)
}

// token asks the store, and names the act in what it has to complain about.
func (s *session) token(ctx context.Context, r httpx.Request, stale string) (string, error) {
	token, err := s.tokens.Token(ctx, stale, s.login)
	if e, ok := errors.AsType[*fault.Error](err); ok {
		named := *e
		named.Account, named.Op = s.account, r.Op
		if e.Op != "" {
			named.Op += ": " + e.Op
		}
		return "", &named
	}
	return token, err
}

// login makes a token. One that was refused is not tried again for a while: too many refusals block the address.
func (s *session) login(ctx context.Context) (string, error) {
	if err := s.refusedOfLate(); err != nil {
		return "", err
	}
	token, err := wire.Client{Account: s.account, HTTP: entrance{s}}.Login(ctx, s.who)
	if fault.Is(err, fault.Auth) {
		s.refuse(err)
	}
	return token, err
}

// entrance sends logins: without a token, and not often.
type entrance struct{ *session }

func (e entrance) Do(ctx context.Context, r httpx.Request) (httpx.Response, error) {
	return e.guarded(ctx, e.logins, r)
}

func (s *session) refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal, s.until = err, time.Now().Add(refusalLasts)
}

func (s *session) refusedOfLate() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().Before(s.until) {
		return s.refusal
	}
	return nil
}
