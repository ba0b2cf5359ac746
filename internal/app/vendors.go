package app

import (
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/httpx/callcount"
	"github.com/whmcsync/whmcsync/internal/httpx/ratelimit"
	"github.com/whmcsync/whmcsync/internal/httpx/token"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes"
	"github.com/whmcsync/whmcsync/internal/registrar/namecheap"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider"
	"github.com/whmcsync/whmcsync/internal/registrar/opensrs"
	"github.com/whmcsync/whmcsync/internal/registrar/rdap"
	"github.com/whmcsync/whmcsync/internal/registrar/realtimeregister"
)

// account is one account as this process uses it.
type account struct {
	list      maillist.Destination // of a mailing list
	registrar registrar.Registrar  // of a registrar
	limiter   *ratelimit.Limiter
	close     func()
}

// vendors makes the accounts by their type. A new vendor is one line here.
var vendors = map[string]func(c vendorConfig) (account, error){
	"mailrelay":        newMailrelay,
	"openprovider":     newOpenprovider,
	"logicboxes":       newLogicboxes,
	"opensrs":          newOpenSRS,
	"namecheap":        newNamecheap,
	"realtimeregister": newRealtimeRegister,
	"rdap":             newRDAP,
}

// vendorConfig is what a vendor is made of.
type vendorConfig struct {
	config.Account
	name     string
	redis    redis.UniversalClient
	limiter  httpx.Limiter
	observer httpx.Observer
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
	made, err := vendor(vendorConfig{Account: cfg, name: name, redis: a.redis.Client(), limiter: limiter, observer: a.Metrics})
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", name, err)
	}
	made.limiter = limiter
	a.accounts[name] = &made
	a.closers = append(a.closers, made.close)
	return &made, nil
}

func newMailrelay(c vendorConfig) (account, error) {
	made, err := mailrelay.New(mailrelay.Config{
		Account: c.name, Host: c.Host, BaseURL: c.BaseURL, APIKey: c.APIKey.Reveal(), Timeout: c.Timeout,
		PageSize: c.PageSize, InFlight: c.Rate.InFlight, Limiter: c.limiter, Observer: c.observer,
	})
	if err != nil {
		return account{}, err
	}
	if c.APIBatches {
		return account{list: mailrelay.NewBatching(made), close: made.Close}, nil
	}
	return account{list: made, close: made.Close}, nil
}

// closer is a registrar that holds connections.
type closer interface {
	registrar.Registrar
	Close()
}

func atRegistrar(made closer, err error) (account, error) {
	if err != nil {
		return account{}, err
	}
	return account{registrar: made, close: made.Close}, nil
}

func newOpenprovider(c vendorConfig) (account, error) {
	tokens, err := token.New(token.Config{
		Redis: c.redis, Account: c.name, Secret: c.Password.Reveal(), Owner: c.Username + " " + c.BaseURL,
	})
	if err != nil {
		return account{}, err
	}
	return atRegistrar(openprovider.New(openprovider.Config{
		Account: c.name, Username: c.Username, Password: c.Password.Reveal(), BaseURL: c.BaseURL, Timeout: c.Timeout,
		PageSize: c.PageSize, InFlight: c.Rate.InFlight, Tokens: tokens, Calls: callcount.New(c.redis, c.name),
		Limiter: c.limiter, Observer: c.observer,
	}))
}

func newLogicboxes(c vendorConfig) (account, error) {
	return atRegistrar(logicboxes.New(logicboxes.Config{
		Account: c.name, UserID: c.Username, APIKey: c.APIKey.Reveal(), BaseURL: c.BaseURL, ShowChildOrders: c.Children,
		Timeout: c.Timeout, PageSize: c.PageSize, InFlight: c.Rate.InFlight, Limiter: c.limiter, Observer: c.observer,
	}))
}

func newOpenSRS(c vendorConfig) (account, error) {
	return atRegistrar(opensrs.New(opensrs.Config{
		Account: c.name, Username: c.Username, Key: c.APIKey.Reveal(), BaseURL: c.BaseURL, Timeout: c.Timeout,
		PageSize: c.PageSize, InFlight: c.Rate.InFlight, Limiter: c.limiter, Observer: c.observer,
	}))
}

func newNamecheap(c vendorConfig) (account, error) {
	return atRegistrar(namecheap.New(namecheap.Config{
		Account: c.name, APIUser: c.Username, APIKey: c.APIKey.Reveal(), ClientIP: c.ClientIP, BaseURL: c.BaseURL,
		Timeout: c.Timeout, PageSize: c.PageSize, InFlight: c.Rate.InFlight, Limiter: c.limiter, Observer: c.observer,
	}))
}

func newRDAP(c vendorConfig) (account, error) {
	return atRegistrar(rdap.New(rdap.Config{
		Account: c.name, Bootstrap: c.Bootstrap, BaseURL: c.BaseURL, Timeout: c.Timeout,
		InFlight: c.Rate.InFlight, Limiter: c.limiter, Observer: c.observer,
	}))
}

func newRealtimeRegister(c vendorConfig) (account, error) {
	return atRegistrar(realtimeregister.New(realtimeregister.Config{
		Account: c.name, APIKey: c.APIKey.Reveal(), BaseURL: c.BaseURL, Timeout: c.Timeout,
		PageSize: c.PageSize, InFlight: c.Rate.InFlight, Limiter: c.limiter, Observer: c.observer,
	}))
}
