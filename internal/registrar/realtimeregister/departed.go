package realtimeregister

import (
	"context"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

// history is how many of the last things that were done with a name are looked at.
const history = 100

// Departed looks whether the last thing that was done with a name is that it left, and whether it is really not there. See
// registrar.Historian.
func (a *Account) Departed(ctx context.Context, name registrar.Name) (registrar.Departure, error) {
	op := "look for what became of " + string(name)
	done, err := a.wire.Completed(ctx, string(name), history)
	if err != nil {
		return registrar.Departure{}, err
	}
	whole := done.Total.Told && done.Total.N <= len(done.Rows)
	left, ok := departure(name, done.Rows)
	if !ok || !whole && !newestFirst(done.Rows) {
		return registrar.Departure{}, fault.New(fault.NotFound, a.name, op, "no process says that it left")
	}
	_, err = a.wire.Domain(ctx, string(name))
	switch {
	case err == nil:
		return registrar.Departure{}, fault.New(fault.NotFound, a.name, op, "it left once, and the account holds it")
	case fault.Is(err, fault.NotFound):
		return left, nil
	default:
		return registrar.Departure{}, err
	}
}
