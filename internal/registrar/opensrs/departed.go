package opensrs

import (
	"context"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

// Departed looks for a name among those that were transferred away and those that were deleted: three calls. A name that
// the account holds has not left, whatever happened to it in an earlier life. See registrar.Historian.
func (a *Account) Departed(ctx context.Context, name registrar.Name) (registrar.Departure, error) {
	belonging, err := a.wire.Belongs(ctx, string(name))
	if err != nil {
		return registrar.Departure{}, err
	}
	if belonging.Ours {
		return registrar.Departure{}, a.noTrace(name, "the account holds it")
	}
	away, err := a.wire.TransfersAway(ctx, string(name))
	if err != nil {
		return registrar.Departure{}, err
	}
	deleted, err := a.wire.DeletedDomains(ctx, string(name))
	if err != nil {
		return registrar.Departure{}, err
	}
	how, found := departure(name, away, deleted, civil.Of(time.Now().UTC()))
	if !found {
		return registrar.Departure{}, a.noTrace(name, "it is in no list of names that have left")
	}
	return how, nil
}

func (a *Account) noTrace(name registrar.Name, why string) error {
	return fault.New(fault.NotFound, a.name, "look for the departure of "+string(name), "%s", why)
}
