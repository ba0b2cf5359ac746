package opensrs

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/wire"
)

// Production is where the live system is; https://horizon.opensrs.net:55443 is the test system, with a key of its own.
const Production = "https://rr-n1-tor.opensrs.net:55443"

// Config is what an Account needs: Account, Username and Key.
type Config struct {
	Account  string
	Username string
	Key      string        // the private key of the reseller
	BaseURL  string        // default Production
	Timeout  time.Duration // of one call; default 2m: long lists take their time
	PageSize int           // domains asked for at once when listing; default 10000
	InFlight int           // calls of this process at once; default 4
	Limiter  httpx.Limiter
	Observer httpx.Observer
}

// Account is one reseller account at OpenSRS.
type Account struct {
	name     string
	pageSize int
	wire     wire.Client
}

var (
	_ registrar.Registrar       = (*Account)(nil)
	_ registrar.Lister          = (*Account)(nil)
	_ registrar.TransferTracker = (*Account)(nil)
	_ registrar.TransferLister  = (*Account)(nil)
	_ registrar.AutoRenewer     = (*Account)(nil)
	_ registrar.Protector       = (*Account)(nil)
	_ registrar.Historian       = (*Account)(nil)
	_ registrar.Checker         = (*Account)(nil)
)

// New checks the configuration and returns the account. Nothing is sent.
func New(cfg Config) (*Account, error) {
	switch {
	case cfg.Username == "":
		return nil, errors.New("username is missing")
	case cfg.Key == "":
		return nil, errors.New("key is missing")
	case cfg.PageSize < 0:
		return nil, errors.New("the page size must not be negative")
	}
	inFlight := cmp.Or(cfg.InFlight, 4)
	client, err := httpx.New(httpx.Config{
		Account: cfg.Account, BaseURL: cmp.Or(cfg.BaseURL, Production), Secrets: []string{cfg.Key},
		Timeout: cmp.Or(cfg.Timeout, 2*time.Minute), InFlight: inFlight,
		Limiter: cfg.Limiter, Observer: cfg.Observer, Transport: newConnections(inFlight),
	})
	if err != nil {
		return nil, err
	}
	return &Account{
		name: cfg.Account, pageSize: cmp.Or(cfg.PageSize, 10_000),
		wire: wire.Client{HTTP: client, Username: cfg.Username, Key: cfg.Key},
	}, nil
}

// Close gives idle connections back.
func (a *Account) Close() { a.wire.HTTP.Close() }

// Get looks one name up, its privacy included: two calls. See registrar.Registrar. A name in redemption is answered as one
// that is not there.
func (a *Account) Get(ctx context.Context, name registrar.Name) (registrar.Domain, error) {
	info, err := a.wire.Domain(ctx, string(name))
	if err != nil {
		return registrar.Domain{}, err
	}
	if info.Sponsor == "0" {
		return registrar.Domain{}, fault.New(fault.NotFound, a.name, "look up "+string(name), "another reseller has it")
	}
	privacy, err := a.wire.Privacy(ctx, string(name))
	if err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Rejected) {
		return registrar.Domain{}, err
	}
	return domain(name, info, privacy), nil // privacy that is refused stays "not told"
}

// SetAutoRenew switches between renewal and the usual reminders. See registrar.AutoRenewer.
func (a *Account) SetAutoRenew(ctx context.Context, d registrar.Domain, on bool) ([]string, error) {
	reply, err := a.wire.SetExpireAction(ctx, string(d.Name), on)
	return notes(reply), err
}

// SetPrivacy switches WHOIS privacy. See registrar.Protector.
func (a *Account) SetPrivacy(ctx context.Context, d registrar.Domain, on bool) ([]string, error) {
	reply, err := a.wire.SetPrivacy(ctx, string(d.Name), on)
	return notes(reply), err
}

// notes are what a person should know of a write that went well: that it is not done yet.
func notes(reply wire.Reply) []string {
	if reply.Code != wire.Async {
		return nil
	}
	return []string{cmp.Or(reply.Text, "accepted, to be done later")}
}

// Check asks for how many names there are. See registrar.Checker.
func (a *Account) Check(ctx context.Context) (registrar.Health, error) {
	total, err := a.wire.Count(ctx, everything())
	return registrar.Health{Domains: total}, err
}
