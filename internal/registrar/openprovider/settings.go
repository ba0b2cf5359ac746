package openprovider

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/wire"
)

// defaultLasts is how long the account's setting is believed without asking again.
const defaultLasts = 10 * time.Minute

// renewalDefault is what auto-renew "default" means in this account, as last read.
type renewalDefault struct {
	turn  chan struct{} // held while the fields are used, a call included
	value registrar.Tri
	until time.Time
}

// renewsByDefault asks for the account's default if one of the rows depends upon it. NotTold when it cannot be read: then
// nothing is concluded. An answer that will not change soon is kept as long as a good one.
func (a *Account) renewsByDefault(ctx context.Context, rows ...wire.Domain) registrar.Tri {
	for _, row := range rows {
		if strings.EqualFold(string(row.AutoRenew), "default") {
			return a.readDefault(ctx)
		}
	}
	return registrar.NotTold
}

func (a *Account) readDefault(ctx context.Context) registrar.Tri {
	select {
	case a.renewal.turn <- struct{}{}:
	case <-ctx.Done():
		return registrar.NotTold
	}
	defer func() { <-a.renewal.turn }()
	if time.Now().Before(a.renewal.until) {
		return a.renewal.value
	}
	flag, err := a.wire.RenewsByDefault(ctx) // the zero Flag with an error
	switch fault.ClassOf(err) {
	case fault.Held, fault.Transient, fault.RateLimited:
		return registrar.NotTold
	}
	a.renewal.value, a.renewal.until = tri(flag), time.Now().Add(defaultLasts)
	return a.renewal.value
}

// SetAutoRenew writes "default" where that comes to the same as "on", as WHMCS's own module does. See
// registrar.AutoRenewer.
func (a *Account) SetAutoRenew(ctx context.Context, d registrar.Domain, on bool) ([]string, error) {
	value := "off"
	if on {
		value = "on"
		if a.readDefault(ctx) == registrar.On {
			value = "default"
		}
	}
	return a.change(ctx, "set auto-renew of "+string(d.Name), d, wire.Change{AutoRenew: value})
}

// SetPrivacy costs money where it is switched on. See registrar.Protector.
func (a *Account) SetPrivacy(ctx context.Context, d registrar.Domain, on bool) ([]string, error) {
	op := "set ID protection of " + string(d.Name)
	if on && d.PrivacyAllowed == registrar.Off {
		return nil, fault.New(fault.Rejected, a.name, op, "the extension does not allow it")
	}
	return a.change(ctx, op, d, wire.Change{PrivateWhois: &on})
}

func (a *Account) change(ctx context.Context, op string, d registrar.Domain, change wire.Change) ([]string, error) {
	if id, err := strconv.ParseInt(d.ID, 10, 64); err != nil || id <= 0 {
		return nil, fault.New(fault.Refused, a.name, op, "%.40q is not an id of ours", d.ID)
	}
	warnings, err := a.wire.Change(ctx, op, d.ID, change)
	return remarks(warnings), err
}

func remarks(warnings []wire.Warning) []string {
	var notes []string
	for _, w := range warnings {
		notes = append(notes, w.String())
	}
	return notes
}

// Check counts the names. See registrar.Checker.
func (a *Account) Check(ctx context.Context) (registrar.Health, error) {
	page, err := a.wire.List(ctx, wire.Query{Op: "count domains", Call: "count_domains", Limit: 1})
	if err != nil {
		return registrar.Health{}, err
	}
	health := registrar.Health{Domains: int(page.Total)}
	switch a.readDefault(ctx) {
	case registrar.NotTold:
		health.Remarks = append(health.Remarks, "Whether the account renews by default cannot be read: "+
			"auto-renew of names that are set to \"default\" is not compared.")
	case registrar.Off:
		health.Remarks = append(health.Remarks, "The account does not renew by default: "+
			"names whose auto-renew is to be on are set to \"on\".")
	}
	if len(page.Domains) > 1 {
		health.Remarks = append(health.Remarks, "The server ignores how many rows a page is to hold.")
	}
	return health, nil
}
