package memory

import (
	"context"
	"slices"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

// Renew moves all dates of a name. See registrar.Renewer.
func (a *Account) Renew(ctx context.Context, d registrar.Domain, years int) (registrar.Dates, []string, error) {
	const call = "Renew"
	if years < 1 || years > 10 {
		return registrar.Dates{}, nil, fault.New(fault.Refused, a.cfg.Account, call, "%d years cannot be bought", years)
	}
	done, err := a.begin(ctx, call)
	if err != nil {
		return registrar.Dates{}, nil, err
	}
	defer done()
	h, ok := a.held[d.Name]
	if !ok {
		return registrar.Dates{}, nil, a.notFound(call)
	}
	h.bought++
	dates := &h.domain.Dates
	for _, date := range []*registrar.Date{&dates.Renewal, &dates.Expiration, &dates.Registry} {
		if !date.Day.IsZero() {
			date.Day = civil.Of(date.Day.Time().AddDate(years, 0, 0))
		}
	}
	if len(a.lost) > 0 {
		err, a.lost = a.lost[0], a.lost[1:]
		return registrar.Dates{}, nil, err
	}
	return *dates, slices.Clone(a.cfg.Notes), nil
}

// Lose lets the next calls of Renew do their work and then end with these errors, one each.
func (a *Account) Lose(errs ...error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lost = slices.Clone(errs)
}

// Renewals counts how often a name was renewed, whatever was answered.
func (a *Account) Renewals(name registrar.Name) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if h, ok := a.held[canonical(name)]; ok {
		return h.bought
	}
	return 0
}
