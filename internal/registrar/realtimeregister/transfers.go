package realtimeregister

import (
	"context"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

// Transfer follows the latest transfer of a name. What is not under way is held against the account. See
// registrar.TransferTracker.
func (a *Account) Transfer(ctx context.Context, name registrar.Name) (registrar.Transfer, error) {
	answer, err := a.wire.Transfer(ctx, string(name))
	if fault.Is(err, fault.NotFound) {
		return a.arrived(ctx, registrar.Transfer{Name: name, State: registrar.TransferCompleted})
	}
	if err != nil {
		return registrar.Transfer{}, err
	}
	if !isName(answer.Name, name) {
		return registrar.Transfer{}, fault.New(fault.Protocol, a.name, "look up the transfer of "+string(name), "the answer is about another domain")
	}
	t := transfer(name, answer)
	if t.State == registrar.TransferPending || t.State == registrar.TransferUnknown {
		return t, nil
	}
	return a.settled(ctx, t)
}

// settled is for a transfer that has ended. A name that is there has arrived, if by another way; one that is not has left
// again when its transfer was completed, of which nothing is concluded.
func (a *Account) settled(ctx context.Context, t registrar.Transfer) (registrar.Transfer, error) {
	found, err := a.arrived(ctx, t)
	if !fault.Is(err, fault.NotFound) {
		return found, err
	}
	if t.State == registrar.TransferCompleted {
		t.State = registrar.TransferUnknown
	}
	return t, nil
}

// arrived adds what the account tells of a name that is there. fault.NotFound when it is not.
func (a *Account) arrived(ctx context.Context, t registrar.Transfer) (registrar.Transfer, error) {
	d, err := a.Get(ctx, t.Name)
	switch {
	case err != nil:
		return registrar.Transfer{}, err
	case d.Status == registrar.Unknown && t.State == registrar.TransferFailed:
		return t, nil
	case d.Status == registrar.Unknown:
		t.State, t.Raw = registrar.TransferUnknown, d.Raw
		return t, nil
	}
	return registrar.Transfer{Name: t.Name, ID: t.ID, State: registrar.TransferCompleted, Raw: t.Raw, Dates: d.Dates}, nil
}
