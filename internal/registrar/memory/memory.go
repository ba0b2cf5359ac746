package memory

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

// Config shapes an Account. All of it is optional.
type Config struct {
	Account  string
	PageSize int      // default 1000
	Gaps     bool     // every page but the first says that a name may have been missed
	Notes    []string // what the registrar remarks upon whenever a setting is written
}

// Account is an account at a registrar. Safe for many goroutines at once.
type Account struct {
	cfg Config

	mu        sync.Mutex
	held      map[registrar.Name]*holding
	departed  map[registrar.Name]registrar.Departure
	transfers map[registrar.Name]registrar.Transfer
	testimony map[registrar.Name]registrar.Testimony
	calls     map[string]int
	failures  map[string][]error
	lost      []error // answers to Renew that do not arrive
	last      int
}

// holding is a name in the account. Its number never changes: listings go by it.
type holding struct {
	domain registrar.Domain
	number int
	writes int
	bought int
}

var (
	_ registrar.Registrar      = (*Account)(nil)
	_ registrar.Lister         = (*Account)(nil)
	_ registrar.TransferLister = (*Account)(nil)
	_ registrar.AutoRenewer    = (*Account)(nil)
	_ registrar.Protector      = (*Account)(nil)
	_ registrar.Renewer        = (*Account)(nil)
	_ registrar.Historian      = (*Account)(nil)
	_ registrar.Witness        = (*Account)(nil)
	_ registrar.Checker        = (*Account)(nil)
)

// New returns an account that holds nothing.
func New(cfg Config) *Account {
	cfg.PageSize = cmp.Or(cfg.PageSize, 1000)
	return &Account{
		cfg: cfg, held: map[registrar.Name]*holding{}, departed: map[registrar.Name]registrar.Departure{},
		transfers: map[registrar.Name]registrar.Transfer{}, testimony: map[registrar.Name]registrar.Testimony{},
		calls: map[string]int{}, failures: map[string][]error{},
	}
}

// begin counts a call and takes the mutex; the call ends with done. The error is the one that a test asked for.
func (a *Account) begin(ctx context.Context, call string) (done func(), err error) {
	a.mu.Lock()
	a.calls[call]++
	switch next := a.failures[call]; {
	case ctx.Err() != nil:
		err = &fault.Error{Class: fault.Held, Account: a.cfg.Account, Op: call, Err: ctx.Err()}
	case len(next) > 0:
		err, a.failures[call] = next[0], next[1:]
	}
	if err != nil {
		a.mu.Unlock()
		return nil, err
	}
	return a.mu.Unlock, nil
}

func (a *Account) notFound(call string) error {
	return &fault.Error{Class: fault.NotFound, Account: a.cfg.Account, Op: call}
}

// Get looks one name up. See registrar.Registrar.
func (a *Account) Get(ctx context.Context, name registrar.Name) (registrar.Domain, error) {
	done, err := a.begin(ctx, "Get")
	if err != nil {
		return registrar.Domain{}, err
	}
	defer done()
	h, ok := a.held[name]
	if !ok {
		return registrar.Domain{}, a.notFound("Get")
	}
	return h.domain, nil
}

// ListPage pages by number, so no name is missed or met twice. See registrar.Lister.
func (a *Account) ListPage(ctx context.Context, after registrar.Cursor) (registrar.Page, error) {
	from, err := strconv.Atoi(cmp.Or(string(after), "0"))
	if err != nil {
		return registrar.Page{}, fault.New(fault.Refused, a.cfg.Account, "ListPage", "not a cursor of ours")
	}
	done, err := a.begin(ctx, "ListPage")
	if err != nil {
		return registrar.Page{}, err
	}
	defer done()
	page := registrar.Page{Total: len(a.held), Gaps: a.cfg.Gaps && from > 0}
	rest := a.behind(from)
	for _, h := range rest[:min(len(rest), a.cfg.PageSize)] {
		page.Domains = append(page.Domains, h.domain)
	}
	if page.Done = len(rest) <= a.cfg.PageSize; !page.Done {
		page.Next = registrar.Cursor(strconv.Itoa(rest[a.cfg.PageSize-1].number))
	}
	return page, nil
}

func (a *Account) behind(number int) (all []*holding) {
	for _, h := range a.held {
		if h.number > number {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b *holding) int { return cmp.Compare(a.number, b.number) })
	return all
}

// Transfer says how a transfer in stands. See registrar.TransferTracker.
func (a *Account) Transfer(ctx context.Context, name registrar.Name) (registrar.Transfer, error) {
	done, err := a.begin(ctx, "Transfer")
	if err != nil {
		return registrar.Transfer{}, err
	}
	defer done()
	transfer, told := a.transfers[name]
	h, held := a.held[name]
	switch {
	case !told && (!held || h.domain.Status != registrar.Active):
		return registrar.Transfer{}, a.notFound("Transfer")
	case !told:
		transfer = registrar.Transfer{Name: name, ID: h.domain.ID, State: registrar.TransferCompleted}
	}
	switch {
	case transfer.State == registrar.TransferCompleted && held:
		transfer.Dates = h.domain.Dates
	case transfer.State == registrar.TransferCompleted:
		transfer.State = registrar.TransferUnknown
	}
	return transfer, nil
}

// ListTransfersPage pages by name. See registrar.TransferLister.
func (a *Account) ListTransfersPage(ctx context.Context, after registrar.Cursor) (registrar.TransferPage, error) {
	if name, err := registrar.ParseName(string(after)); after != "" && (err != nil || name != registrar.Name(after)) {
		return registrar.TransferPage{}, fault.New(fault.Refused, a.cfg.Account, "ListTransfersPage", "not a cursor of ours")
	}
	done, err := a.begin(ctx, "ListTransfersPage")
	if err != nil {
		return registrar.TransferPage{}, err
	}
	defer done()
	var rest []registrar.Transfer
	for name, transfer := range a.transfers {
		if string(name) > string(after) {
			rest = append(rest, transfer)
		}
	}
	slices.SortFunc(rest, func(a, b registrar.Transfer) int { return cmp.Compare(a.Name, b.Name) })
	page := registrar.TransferPage{Transfers: rest[:min(len(rest), a.cfg.PageSize)], Done: len(rest) <= a.cfg.PageSize}
	if !page.Done {
		page.Next = registrar.Cursor(page.Transfers[a.cfg.PageSize-1].Name)
	}
	return page, nil
}

// SetAutoRenew switches it. See registrar.AutoRenewer.
func (a *Account) SetAutoRenew(ctx context.Context, d registrar.Domain, on bool) ([]string, error) {
	return a.write(ctx, "SetAutoRenew", d.Name, func(held *registrar.Domain) error {
		held.AutoRenew = registrar.TriOf(on)
		return nil
	})
}

// SetPrivacy switches it where PrivacyAllowed is not Off. See registrar.Protector.
func (a *Account) SetPrivacy(ctx context.Context, d registrar.Domain, on bool) ([]string, error) {
	return a.write(ctx, "SetPrivacy", d.Name, func(held *registrar.Domain) error {
		if on && held.PrivacyAllowed == registrar.Off {
			return fault.New(fault.Rejected, a.cfg.Account, "SetPrivacy", "not for this extension")
		}
		held.Privacy = registrar.TriOf(on)
		return nil
	})
}

func (a *Account) write(ctx context.Context, call string, name registrar.Name, change func(*registrar.Domain) error) ([]string, error) {
	done, err := a.begin(ctx, call)
	if err != nil {
		return nil, err
	}
	defer done()
	h, ok := a.held[name]
	if !ok {
		return nil, a.notFound(call)
	}
	if err := change(&h.domain); err != nil {
		return nil, err
	}
	h.writes++
	return slices.Clone(a.cfg.Notes), nil
}

// Departed tells what Depart was told. See registrar.Historian.
func (a *Account) Departed(ctx context.Context, name registrar.Name) (registrar.Departure, error) {
	done, err := a.begin(ctx, "Departed")
	if err != nil {
		return registrar.Departure{}, err
	}
	defer done()
	if departure, ok := a.departed[name]; ok {
		return departure, nil
	}
	return registrar.Departure{}, a.notFound("Departed")
}

// Testify tells what Swear was told; what is held is registered, all else is not. See registrar.Witness.
func (a *Account) Testify(ctx context.Context, name registrar.Name) (registrar.Testimony, error) {
	done, err := a.begin(ctx, "Testify")
	if err != nil {
		return registrar.Testimony{}, err
	}
	defer done()
	if testimony, ok := a.testimony[name]; ok {
		return testimony, nil
	}
	h, ok := a.held[name]
	if !ok {
		return registrar.Testimony{}, nil
	}
	return registrar.Testimony{Registered: true, Registrar: a.cfg.Account, Registry: h.domain.Dates.Registry}, nil
}

// Check counts the names. See registrar.Checker.
func (a *Account) Check(ctx context.Context) (registrar.Health, error) {
	done, err := a.begin(ctx, "Check")
	if err != nil {
		return registrar.Health{}, err
	}
	defer done()
	return registrar.Health{Domains: len(a.held)}, nil
}
