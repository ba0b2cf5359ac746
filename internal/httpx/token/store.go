package token

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

const (
	redisTimeout = 3 * time.Second
	pollEvery    = 50 * time.Millisecond // while another process logs in
)

// Config is what a Store needs: Redis, Account and Secret.
type Config struct {
	Redis   redis.UniversalClient
	Account string        // all stores of one account name share one token
	Secret  string        // the account's password: what the token is sealed with
	Owner   string        // whose token it is, and where (user name, address): another owner finds none
	Life    time.Duration // of a token; default 24h
	Login   time.Duration // longer than any login takes; default 90s
}

// Store keeps one account's token. Safe for many goroutines at once.
type Store struct {
	Config

	box          box
	sealed, lock string        // keys; the braces keep both on one node of a cluster
	turn         chan struct{} // held while own is used, a login included
	own          ticket
}

// unlock frees the lock only for who holds it.
var unlock = redis.NewScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`)

// New returns a store. Nothing is sent to Redis.
func New(cfg Config) (*Store, error) {
	cfg.Life, cfg.Login = cmp.Or(cfg.Life, 24*time.Hour), cmp.Or(cfg.Login, 90*time.Second)
	prefix := "whmcsync:token:{" + cfg.Account + "}:"
	box, err := newBox(cfg.Secret, cfg.Owner, prefix)
	if err != nil {
		return nil, err
	}
	return &Store{Config: cfg, box: box, sealed: prefix + "sealed", lock: prefix + "lock", turn: make(chan struct{}, 1)}, nil
}

// Token returns the account's token, other than stale, which was refused ("" = none was). Where there is no other, login
// makes one; all other callers, in this process and in others, wait for it. An error of login is returned as it is and
// not kept. Others are *fault.Error: Held when ctx ended, RateLimited when somebody else's login takes too long.
func (s *Store) Token(ctx context.Context, stale string, login func(context.Context) (string, error)) (string, error) {
	deadline, cancel := context.WithTimeout(ctx, httpx.MaxWait)
	defer cancel()
	select {
	case s.turn <- struct{}{}:
	case <-deadline.Done():
		return "", s.late(ctx)
	}
	defer func() { <-s.turn }()
	if s.usable(s.own, stale) {
		return s.own.Token, nil
	}
	return s.shared(ctx, deadline, stale, login)
}

// shared takes the token that another process has put into Redis, or is the one who logs in. Without Redis it does so for
// this process alone.
func (s *Store) shared(ctx, deadline context.Context, stale string, login func(context.Context) (string, error)) (string, error) {
	me := uuid.NewString()
	for {
		locked, err := s.takeLock(ctx, me)
		if locked {
			defer s.freeLock(ctx, me)
		}
		if err == nil {
			err = s.fetch(ctx, stale)
		}
		switch {
		case ctx.Err() != nil:
			return "", s.late(ctx)
		case err == nil && s.usable(s.own, stale):
			return s.own.Token, nil
		case err != nil, locked:
			return s.renew(ctx, login)
		}
		select {
		case <-time.After(pollEvery):
		case <-deadline.Done():
			return "", s.late(ctx)
		}
	}
}

// renew logs in, and tells the others as far as Redis can be reached.
func (s *Store) renew(ctx context.Context, login func(context.Context) (string, error)) (string, error) {
	token, err := login(ctx)
	if err != nil {
		return "", err
	}
	s.own = ticket{Token: token, Since: time.Now()}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisTimeout)
	defer cancel()
	s.Redis.Set(bounded, s.sealed, s.box.seal(s.own), s.Life) // when this fails the others log in themselves
	return token, nil
}

// fetch takes over what is in Redis if it is usable. One that is older than our own was refused before.
func (s *Store) fetch(ctx context.Context, stale string) error {
	bounded, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	sealed, err := s.Redis.Get(bounded, s.sealed).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil
	}
	if t := s.box.open(sealed); err == nil && s.usable(t, stale) && !t.Since.Before(s.own.Since) {
		s.own = t
	}
	return err
}

func (s *Store) usable(t ticket, stale string) bool {
	return t.Token != "" && t.Token != stale && time.Since(t.Since) < s.Life
}

func (s *Store) takeLock(ctx context.Context, me string) (bool, error) {
	bounded, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	return s.Redis.SetNX(bounded, s.lock, me, s.Login).Result()
}

func (s *Store) freeLock(ctx context.Context, me string) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisTimeout)
	defer cancel()
	unlock.Run(bounded, s.Redis, []string{s.lock}, me) // when this fails the lock expires
}

// late is for who waited in vain.
func (s *Store) late(ctx context.Context) error {
	const op = "wait for the token"
	if ctx.Err() != nil {
		return &fault.Error{Class: fault.Held, Account: s.Account, Op: op, Err: ctx.Err()}
	}
	err := fault.New(fault.RateLimited, s.Account, op, "somebody else's login is not done")
	err.RetryAfter = time.Second
	return err
}
