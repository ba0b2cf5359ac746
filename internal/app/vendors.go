package app

import (
	"fmt"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/httpx/ratelimit"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

// account is one account as this process uses it.
type account struct {
	list      maillist.Destination // of a mailing list
	registrar registrar.Registrar  // of a registrar
	limiter   *ratelimit.Limiter
	close     func()
}

// vendors makes the accounts by their type. A new vendor is one line here.
var vendors = map[string]func(name string, c config.Account, limiter httpx.Limiter, observer httpx.Observer) (account, error){
	"mailrelay": newMailrelay,
}

// account returns the account by name, made once. OpenQueue comes first: the limits live in Redis.
func (a *App) account(name string) (*account, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if made, ok := a.accounts[name]; ok {
		return made, nil
	}
	cfg := a.Config.Accounts[name]
	limiter := ratelimit.New(ratelimit.Config{
		Redis: a.redis.Client(), Account: name,
		PerSecond: cfg.Rate.PerSecond, InFlight: cfg.Rate.InFlight, CallTimeout: cfg.Timeout,
	})
	vendor, ok := vendors[cfg.Type]
	if !ok {
		return nil, fmt.Errorf("account %s: unknown type %q", name, cfg.Type)
	}
	made, err := vendor(name, cfg, limiter, a.Metrics)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", name, err)
	}
	made.limiter = limiter
	a.accounts[name] = &made
	a.closers = append(a.closers, made.close)
	return &made, nil
}

func newMailrelay(name string, c config.Account, limiter httpx.Limiter, observer httpx.Observer) (account, error) {
	made, err := mailrelay.New(mailrelay.Config{
		Account: name, Host: c.Host, BaseURL: c.BaseURL, APIKey: c.APIKey.Reveal(), Timeout: c.Timeout,
		PageSize: c.PageSize, InFlight: c.Rate.InFlight, Limiter: limiter, Observer: observer,
	})
	if err != nil {
		return account{}, err
	}
	if c.APIBatches {
		return account{list: mailrelay.NewBatching(made), close: made.Close}, nil
	}
	return account{list: made, close: made.Close}, nil
}
