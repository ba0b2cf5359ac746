package openprovider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/wire"
)

// Production is where the real API is. The sandbox is another base URL.
const Production = "https://api.openprovider.eu/v1beta"

// largestPage is what the API allows.
const largestPage = 1000

// Config is what an Account needs: Account, Username and Password.
type Config struct {
	Account   string // for errors
	Username  string
	Password  string
	BaseURL   string        // replaces all before a call's own path; default Production
	Timeout   time.Duration // of one call; default 60s, as long as a full page may take
	PageSize  int           // asked for when listing, 2 to 1000; default 1000
	InFlight  int           // calls of this process at once; default 4
	Identical int           // equal calls of all who share Calls within 300 s; default 100. At 300 the address is blocked for good
	Tokens    TokenStore    // default: in the memory of this process
	Calls     CallCounter   // default: in the memory of this process
	Limiter   httpx.Limiter
	Observer  httpx.Observer
}

// Account is one Openprovider account.
type Account struct {
	name     string
	pageSize int
	wire     wire.Client
	http     *httpx.Client
	renewal  renewalDefault
}

var (
	_ registrar.Registrar      = (*Account)(nil)
	_ registrar.Lister         = (*Account)(nil)
	_ registrar.TransferLister = (*Account)(nil)
	_ registrar.AutoRenewer    = (*Account)(nil)
	_ registrar.Protector      = (*Account)(nil)
	_ registrar.Renewer        = (*Account)(nil)
	_ registrar.Historian      = (*Account)(nil)
	_ registrar.Checker        = (*Account)(nil)
)

// New checks the configuration and returns the account. Nothing is sent.
func New(cfg Config) (*Account, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	client, err := httpx.New(httpx.Config{
		Account: cfg.Account, BaseURL: cmp.Or(cfg.BaseURL, Production), Secrets: []string{cfg.Password},
		Timeout: cmp.Or(cfg.Timeout, time.Minute), InFlight: cfg.InFlight, Limiter: cfg.Limiter, Observer: cfg.Observer,
	})
	if err != nil {
		return nil, err
	}
	if cfg.Tokens == nil {
		cfg.Tokens = newMemory()
	}
	if cfg.Calls == nil {
		cfg.Calls = newCallMemory()
	}
	calls := &session{
		account: cfg.Account, http: client, tokens: cfg.Tokens,
		who:   wire.Credentials{Username: cfg.Username, Password: cfg.Password, IP: "0.0.0.0"},
		calls: cfg.Calls, equal: callLimit{cmp.Or(cfg.Identical, 100), 300 * time.Second},
	}
	return &Account{
		name: cfg.Account, pageSize: cmp.Or(cfg.PageSize, largestPage), http: client,
		wire: wire.Client{Account: cfg.Account, HTTP: calls}, renewal: renewalDefault{turn: make(chan struct{}, 1)},
	}, nil
}

func (c Config) check() error {
	switch {
	case c.Username == "":
		return errors.New("username is missing")
	case c.Password == "":
		return errors.New("password is missing")
	case c.PageSize == 1 || c.PageSize < 0 || c.PageSize > largestPage:
		return fmt.Errorf("the page size must be 2 to %d", largestPage)
	case c.Identical < 0 || c.Identical > 250:
		return errors.New("the limit of identical calls must be 1 to 250")
	}
	return nil
}

// Close gives idle connections back.
func (a *Account) Close() { a.http.Close() }

// Get looks a name up in the live list. Of one that is deleted the queue of outgoing transfers is asked whether it has left. See
// registrar.Registrar.
func (a *Account) Get(ctx context.Context, name registrar.Name) (registrar.Domain, error) {
	row, err := a.live(ctx, name)
	if err != nil {
		return registrar.Domain{}, err
	}
	d := domain(row, name, a.renewsByDefault(ctx, row))
	if d.Status != registrar.Lapsed {
		return d, nil
	}
	away, err := a.transferredOut(ctx, name, row, false)
	if err != nil {
		return registrar.Domain{}, err
	}
	if away {
		d.Status, d.Raw = registrar.TransferredAway, awayWord(d)
	}
	return d, nil
}

func (a *Account) live(ctx context.Context, name registrar.Name) (wire.Domain, error) {
	return a.find(ctx, name, wire.Query{Op: "look up " + string(name), Call: "find_domain"})
}

// Transfer looks the name up: a transfer is a row like any other. See registrar.TransferTracker.
func (a *Account) Transfer(ctx context.Context, name registrar.Name) (registrar.Transfer, error) {
	row, err := a.pick(ctx, name, wire.Query{Op: "look up the transfer of " + string(name), Call: "find_transfer"}, asTransfer)
	if err != nil {
		return registrar.Transfer{}, err
	}
	return transfer(row, name), nil
}

// find looks for a name under each of its spellings, and returns the row that counts. fault.NotFound when there is none.
func (a *Account) find(ctx context.Context, name registrar.Name, q wire.Query) (wire.Domain, error) {
	return a.pick(ctx, name, q, weight)
}

// pick is find, by other weights.
func (a *Account) pick(ctx context.Context, name registrar.Name, q wire.Query, weight func(wire.Domain) int) (wire.Domain, error) {
	for _, spelling := range spellings(name) {
		q.FullName = spelling
		rows, err := a.named(ctx, name, q)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return wire.Domain{}, err
		}
		if row, ok := foremost(rows, weight); ok {
			return row, nil
		}
	}
	return wire.Domain{}, fault.New(fault.NotFound, a.name, q.Op, "no such name")
}

// named trusts an answer only as far as it holds the name asked for: a filter may be ignored, or be taken for a part of a
// name.
func (a *Account) named(ctx context.Context, name registrar.Name, q wire.Query) ([]wire.Domain, error) {
	q.Limit = 100
	page, err := a.wire.List(ctx, q)
	if err != nil {
		return nil, err
	}
	var rows []wire.Domain
	for _, row := range page.Domains {
		if found, err := nameOf(row); err == nil && found == name {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 && int(page.Total) > len(page.Domains) {
		return nil, fault.New(fault.Protocol, a.name, q.Op, "the answer holds other names only, and not all of them")
	}
	return rows, nil
}

// spellings are the ways in which a name may be held: punycode, and Unicode where that differs.
func spellings(name registrar.Name) []string {
	all := []string{string(name)}
	if unicode, err := idna.Display.ToUnicode(string(name)); err == nil && !strings.EqualFold(unicode, string(name)) {
		all = append(all, unicode)
	}
	return all
}
