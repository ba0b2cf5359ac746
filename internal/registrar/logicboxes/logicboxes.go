package logicboxes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes/wire"
)

// Production is the default BaseURL, the same for all brands.
const Production = "https://httpapi.com/api"

// Config is what an Account needs: Account, UserID and APIKey.
type Config struct {
	Account         string
	UserID          string // the reseller's number, sent as auth-userid
	APIKey          string
	BaseURL         string // replaces all before a call's own path; default Production
	ShowChildOrders bool   // a listing holds the orders of sub-resellers as well
	Timeout         time.Duration
	PageSize        int // asked for when listing, 10 to 500; default 500
	InFlight        int // calls of this process at once; default 2, since this API drops those that are too many
	Limiter         httpx.Limiter
	Observer        httpx.Observer
}

// Account is one reseller's account. It is a registrar.Registrar, Lister, TransferLister, Protector, Historian and
// Checker.
type Account struct {
	name        string
	pageSize    int
	childOrders bool
	wire        wire.Client
}

var (
	_ registrar.Registrar      = (*Account)(nil)
	_ registrar.Lister         = (*Account)(nil)
	_ registrar.TransferLister = (*Account)(nil)
	_ registrar.Protector      = (*Account)(nil)
	_ registrar.Historian      = (*Account)(nil)
	_ registrar.Checker        = (*Account)(nil)
)

// New checks the configuration and returns the account. Nothing is sent.
func New(cfg Config) (*Account, error) {
	cfg.PageSize = cmp.Or(cfg.PageSize, wire.MaxPage)
	switch {
	case cfg.UserID == "" || strings.Trim(cfg.UserID, "0123456789") != "":
		return nil, errors.New("user_id must be the reseller's number")
	case cfg.APIKey == "":
		return nil, errors.New("api_key is missing")
	case cfg.PageSize < wire.MinPage || cfg.PageSize > wire.MaxPage:
		return nil, fmt.Errorf("page_size must be %d to %d", wire.MinPage, wire.MaxPage)
	}
	client, err := httpx.New(httpx.Config{
		Account: cfg.Account, BaseURL: cmp.Or(cfg.BaseURL, Production), Secrets: []string{cfg.UserID, cfg.APIKey},
		Timeout: cfg.Timeout, InFlight: cmp.Or(cfg.InFlight, 2), Limiter: cfg.Limiter, Observer: cfg.Observer,
	})
	if err != nil {
		return nil, err
	}
	return &Account{
		name: cfg.Account, pageSize: cfg.PageSize, childOrders: cfg.ShowChildOrders,
		wire: wire.Client{HTTP: client, UserID: cfg.UserID, Key: cfg.APIKey},
	}, nil
}

// Close gives idle connections back.
func (a *Account) Close() { a.wire.HTTP.Close() }

// Get looks one name up. An order that is only remembered counts as absent: Departed reads what became of it. See
// registrar.Registrar.
func (a *Account) Get(ctx context.Context, name registrar.Name) (registrar.Domain, error) {
	details, err := a.details(ctx, name)
	if err != nil {
		return registrar.Domain{}, err
	}
	if gone(string(details.Status)) {
		return registrar.Domain{}, fault.New(fault.NotFound, a.name, "look up "+string(name), "the order is %s", details.Status)
	}
	return looked(details, name), nil
}

// details asks for each spelling of the name, and trusts an answer only when it is about that name.
func (a *Account) details(ctx context.Context, name registrar.Name) (details wire.Details, err error) {
	for _, spelling := range spellings(name) {
		details, err = a.wire.Details(ctx, spelling)
		if !fault.Is(err, fault.NotFound) {
			break
		}
	}
	if err == nil && !isName(details.Name, name) {
		err = fault.New(fault.Protocol, a.name, "look up "+string(name), "the answer is about another name")
	}
	return details, err
}

// SetPrivacy switches privacy protection for an order that has it; it buys none where it was not ordered. See
// registrar.Protector.
func (a *Account) SetPrivacy(ctx context.Context, d registrar.Domain, on bool) (notes []string, err error) {
	const op = "switch privacy protection"
	if on && d.PrivacyAllowed == registrar.Off {
		return nil, fault.New(fault.Rejected, a.name, op, "the extension of %s does not know it", d.Name)
	}
	if d.ID == "" {
		if d, err = a.Get(ctx, d.Name); err != nil {
			return nil, err
		}
	}
	done, err := a.wire.SetPrivacy(ctx, d.ID, on)
	if fault.Is(err, fault.Rejected) && a.hasPrivacy(ctx, d.Name, on) {
		return nil, nil
	}
	return remarks(done), err
}

// hasPrivacy says whether what was refused is so already.
func (a *Account) hasPrivacy(ctx context.Context, name registrar.Name, on bool) bool {
	now, err := a.Get(ctx, name)
	return err == nil && now.Privacy == registrar.TriOf(on)
}

func remarks(done wire.Done) []string {
	if done.InvoiceID == "" {
		return nil
	}
	price := strings.TrimSpace(string(done.Currency + " " + done.Amount))
	return []string{strings.TrimSpace("an invoice was raised for it: number " + string(done.InvoiceID) + " " + price)}
}

// Check lists the shortest page there is. See registrar.Checker.
func (a *Account) Check(ctx context.Context) (registrar.Health, error) {
	orders, err := a.wire.Orders(ctx, wire.Search{Page: 1, Size: wire.MinPage, ChildOrders: a.childOrders})
	return registrar.Health{Domains: orders.Total}, err
}
