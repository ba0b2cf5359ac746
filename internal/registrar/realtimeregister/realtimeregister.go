package realtimeregister

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/realtimeregister/wire"
)

// Production is the default BaseURL.
const Production = "https://api.yoursrs.com/v2"

// largest is how many bytes an answer may have: an export is about 200 for each domain.
const largest = 128 << 20

// Config is what an Account needs: Account and APIKey.
type Config struct {
	Account  string
	APIKey   string           // of a customer, not of a gateway
	BaseURL  string           // default Production
	Timeout  time.Duration    // of one call; default 30s
	PageSize int              // asked for when listing; 0 = everything in one answer
	InFlight int              // calls of this process at once; default 4
	Clock    func() time.Time // says how old an extension's rules are; default time.Now
	Limiter  httpx.Limiter
	Observer httpx.Observer
}

// Account is one customer's account.
type Account struct {
	name       string
	pageSize   int
	wire       wire.Client
	extensions *extensions
}

var (
	_ registrar.Registrar       = (*Account)(nil)
	_ registrar.Lister          = (*Account)(nil)
	_ registrar.TransferTracker = (*Account)(nil)
	_ registrar.AutoRenewer     = (*Account)(nil)
	_ registrar.Protector       = (*Account)(nil)
	_ registrar.Historian       = (*Account)(nil)
	_ registrar.Checker         = (*Account)(nil)
)

// New checks the configuration and returns the account. Nothing is sent.
func New(cfg Config) (*Account, error) {
	if cfg.APIKey == "" {
		return nil, errors.New("api_key is missing")
	}
	if cfg.PageSize < 0 {
		return nil, errors.New("page_size must not be negative")
	}
	client, err := httpx.New(httpx.Config{
		Account: cfg.Account, BaseURL: cmp.Or(cfg.BaseURL, Production), MaxBody: largest,
		Header: http.Header{"Authorization": {"ApiKey " + cfg.APIKey}}, Secrets: []string{cfg.APIKey},
		Timeout: cfg.Timeout, InFlight: cfg.InFlight, Limiter: cfg.Limiter, Observer: cfg.Observer,
	})
	if err != nil {
		return nil, err
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	api := wire.Client{HTTP: client}
	return &Account{name: cfg.Account, pageSize: cfg.PageSize, wire: api, extensions: newExtensions(api, cfg.Clock)}, nil
}

// Close gives idle connections back.
func (a *Account) Close() { a.wire.HTTP.Close() }

// Get looks one name up, and the rules of its extension where they are not known yet. See registrar.Registrar.
func (a *Account) Get(ctx context.Context, name registrar.Name) (registrar.Domain, error) {
	d, err := a.wire.Domain(ctx, string(name))
	if err != nil {
		return registrar.Domain{}, err
	}
	if !isName(d.Name, name) {
		return registrar.Domain{}, fault.New(fault.Protocol, a.name, "look up "+string(name), "the answer is about another domain")
	}
	r, err := a.extensions.of(ctx, name)
	return domain(name, d, r), err
}

// SetAutoRenew switches auto-renewal. See registrar.AutoRenewer.
func (a *Account) SetAutoRenew(ctx context.Context, d registrar.Domain, on bool) ([]string, error) {
	return a.update(ctx, "switch auto-renew of "+string(d.Name), d.Name, wire.Change{AutoRenew: &on})
}

// SetPrivacy switches ID protection where that costs nothing. See registrar.Protector.
func (a *Account) SetPrivacy(ctx context.Context, d registrar.Domain, on bool) ([]string, error) {
	op := "switch ID protection of " + string(d.Name)
	if on && d.PrivacyAllowed == registrar.Off {
		return nil, fault.New(fault.Rejected, a.name, op, "it is not allowed for this domain")
	}
	return a.update(ctx, op, d.Name, wire.Change{Privacy: &on})
}

func (a *Account) update(ctx context.Context, op string, name registrar.Name, change wire.Change) ([]string, error) {
	later, process, err := a.wire.Update(ctx, op, string(name), change)
	if err != nil || !later {
		return nil, err
	}
	return []string{fmt.Sprintf("accepted; process %s carries it out", cmp.Or(process, "without a number"))}, nil
}

// Check reads the shortest page there is. See registrar.Checker.
func (a *Account) Check(ctx context.Context) (registrar.Health, error) {
	page, err := a.wire.Page(ctx, 0, 1)
	return registrar.Health{Domains: page.Total.N}, err
}
