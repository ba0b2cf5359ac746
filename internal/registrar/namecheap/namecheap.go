package namecheap

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/namecheap/wire"
)

// The page sizes that lists accept.
const (
	minPage = 10
	maxPage = 100
)

const production = "https://api.namecheap.com/xml.response"

// Config is what an Account needs: Account, APIUser, APIKey and ClientIP.
type Config struct {
	Account  string
	BaseURL  string // default: production
	APIUser  string
	APIKey   string
	UserName string        // default: APIUser
	ClientIP string        // IPv4 on the account's list
	Timeout  time.Duration // of one call; default 30s
	PageSize int           // asked for when listing, brought into 10 to 100; default 100
	InFlight int           // calls of this process at once; default 4
	Limiter  httpx.Limiter
	Observer httpx.Observer
}

// Account is one Namecheap account. Beside the powers below it is a registrar.Registrar.
type Account struct {
	name     string
	pageSize int
	wire     wire.Client
}

var (
	_ registrar.Registrar      = (*Account)(nil)
	_ registrar.Lister         = (*Account)(nil)
	_ registrar.TransferLister = (*Account)(nil)
	_ registrar.Protector      = (*Account)(nil)
	_ registrar.Checker        = (*Account)(nil)
)

// New checks the configuration and returns the account. Nothing is sent.
func New(cfg Config) (*Account, error) {
	if err := check(cfg); err != nil {
		return nil, err
	}
	client, err := httpx.New(httpx.Config{
		Account: cfg.Account, BaseURL: cmp.Or(cfg.BaseURL, production), Secrets: []string{cfg.APIKey},
		Timeout: cfg.Timeout, InFlight: cfg.InFlight, Limiter: cfg.Limiter, Observer: cfg.Observer,
	})
	if err != nil {
		return nil, err
	}
	who := wire.Credentials{
		APIUser: cfg.APIUser, APIKey: cfg.APIKey, UserName: cmp.Or(cfg.UserName, cfg.APIUser), ClientIP: cfg.ClientIP,
	}
	size := min(max(cmp.Or(cfg.PageSize, maxPage), minPage), maxPage)
	return &Account{name: cfg.Account, pageSize: size, wire: wire.Client{HTTP: client, Who: who}}, nil
}

func check(cfg Config) error {
	switch ip, err := netip.ParseAddr(cfg.ClientIP); {
	case cfg.APIUser == "":
		return errors.New("api_user is missing")
	case cfg.APIKey == "":
		return errors.New("api_key is missing")
	case cfg.ClientIP == "":
		return errors.New("client_ip is missing: the IPv4 address from which we call, as on the account's list")
	case err != nil || !ip.Is4():
		return errors.New("client_ip must be an IPv4 address")
	}
	return nil
}

// Close gives idle connections back.
func (a *Account) Close() { a.wire.HTTP.Close() }

// Get looks one name up under each of its spellings. It does not tell AutoRenew. See registrar.Registrar.
func (a *Account) Get(ctx context.Context, name registrar.Name) (registrar.Domain, error) {
	info, err := a.info(ctx, name)
	if err != nil {
		return registrar.Domain{}, err
	}
	return looked(name, info), nil
}

// info trusts an answer only when it is about the name asked for.
func (a *Account) info(ctx context.Context, name registrar.Name) (wire.Info, error) {
	var info wire.Info
	var err error
	for _, spelling := range spellings(name) {
		if info, err = a.wire.Info(ctx, spelling); !fault.Is(err, fault.NotFound) {
			break
		}
	}
	if err == nil && !isNamed(info.Name, name) {
		err = fault.New(fault.Protocol, a.name, "look up domain", "the answer is about another domain")
	}
	return info, err
}

// SetPrivacy switches the subscription that the name has. fault.Rejected when it has none, or when it is to be switched
// on and the account does not say where letters go. See registrar.Protector.
func (a *Account) SetPrivacy(ctx context.Context, d registrar.Domain, on bool) ([]string, error) {
	info, err := a.info(ctx, d.Name)
	if err != nil || privacy(info.Privacy.Enabled) == registrar.TriOf(on) {
		return nil, err
	}
	switch {
	case strings.Trim(info.Privacy.ID, "0 ") == "":
		return nil, fault.New(fault.Rejected, a.name, "switch ID protection", "the domain has no subscription for it")
	case !on:
		return nil, a.wire.DisablePrivacy(ctx, info.Privacy.ID)
	case info.Privacy.Forwarded.To == "":
		return nil, fault.New(fault.Rejected, a.name, "switch ID protection on",
			"the account does not tell where letters are forwarded to; switch it on once by hand")
	}
	return nil, a.wire.EnablePrivacy(ctx, info.Privacy.ID, info.Privacy.Forwarded.To)
}

// Check reads the smallest page of the list. See registrar.Checker.
func (a *Account) Check(ctx context.Context) (registrar.Health, error) {
	_, paging, err := a.wire.List(ctx, 1, minPage)
	return registrar.Health{Domains: paging.TotalItems}, err
}
