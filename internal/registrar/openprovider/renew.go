package openprovider

import (
	"context"
	"strconv"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

// Renew buys years, and looks the new dates up, since the answer does not tell them. See registrar.Renewer.
func (a *Account) Renew(ctx context.Context, d registrar.Domain, years int) (registrar.Dates, []string, error) {
	op := "renew " + string(d.Name)
	if id, err := strconv.ParseInt(d.ID, 10, 64); err != nil || id <= 0 || years < 1 || years > 10 {
		return registrar.Dates{}, nil, fault.New(fault.Refused, a.name, op, "%d years for id %.40q cannot be bought", years, d.ID)
	}
	warnings, err := a.wire.Renew(ctx, op, d.ID, years)
	if err != nil {
		return registrar.Dates{}, nil, err
	}
	renewed, err := a.Get(ctx, d.Name)
	if err != nil {
		return registrar.Dates{}, remarks(warnings), nil //nolint:nilerr // it is bought; the dates are read by the next look
	}
	return renewed.Dates, remarks(warnings), nil
}
