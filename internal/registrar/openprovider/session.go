package openprovider

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/wire"
)

// Logins are far below what is punished (30 a minute; 100 refused ones an hour): others may log in from the same address,
// and a refusal stands in the process that met it.
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
	calls   CallCounter
	equal   callLimit

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
	res, err = s.counted(ctx, fingerprint(r), s.equal, r)
	return res, refused, err
}

// counted makes a call if equal ones were not made too often. One that the account's own limit holds back does not count.
func (s *session) counted(ctx context.Context, call string, limit callLimit, r httpx.Request) (httpx.Response, error) {
	takeBack, wait, err := s.calls.Admit(ctx, call, limit.most, limit.span)
	if err != nil {
		return httpx.Response{}, s.named(r, err)
	}
	if wait > 0 {
		err := fault.New(fault.RateLimited, s.account, r.Op, "the same call was made too often of late")
		err.RetryAfter = max(wait, time.Second)
		return httpx.Response{}, err
	}
	res, err := s.http.Do(ctx, r)
	if res.Status == 0 && fault.Is(err, fault.RateLimited) {
		takeBack()
	}
	return res, err
}

// token asks the store.
func (s *session) token(ctx context.Context, r httpx.Request, stale string) (string, error) {
	token, err := s.tokens.Token(ctx, stale, s.login)
	return token, s.named(r, err)
}

// named names the act in what a store has to complain about.
func (s *session) named(r httpx.Request, err error) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	named := *e
	named.Account, named.Op = s.account, r.Op
	if e.Op != "" {
		named.Op += ": " + e.Op
	}
	return &named
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

// entrance sends logins: without a token, and not often. They all count as one, and the password stays out of the count.
type entrance struct{ *session }

func (e entrance) Do(ctx context.Context, r httpx.Request) (httpx.Response, error) {
	return e.counted(ctx, "login", callLimit{loginsAMinute, time.Minute}, r)
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
