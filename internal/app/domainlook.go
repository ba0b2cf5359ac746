package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

// DomainSides is one domain as WHMCS and the registrar hold it at this moment.
type DomainSides struct {
	Name      string         `json:"name"`
	ID        int64          `json:"id"` // of the row in WHMCS
	WHMCS     DomainInWHMCS  `json:"whmcs"`
	Registrar *DomainOutside `json:"registrar,omitempty"` // absent when the registrar does not have it
	Transfer  *TransferIn    `json:"transfer,omitempty"`  // for a sync of transfers; absent when the registrar knows of none
}

// TransferIn is what the registrar says of a transfer in, and how long it has been under way.
type TransferIn struct {
	State  string    `json:"state"`          // pending | completed | failed | unknown
	Raw    string    `json:"raw"`            // in the registrar's own word
	Reason string    `json:"reason"`         // why it failed or what it waits for, in the registrar's words
	Since  time.Time `json:"since,omitzero"` // when the sync first saw it pending; absent = it has not yet
	Days   int       `json:"days"`           // whole ones since then
}

// DomainInWHMCS is what a row of tbldomains says. Dates are local ones of WHMCS, "" = unset.
type DomainInWHMCS struct {
	Status       string `json:"status"`
	Expiry       string `json:"expiry"`
	NextDue      string `json:"next_due"`
	NextInvoice  string `json:"next_invoice"`
	AutoRenew    string `json:"auto_renew"` // on | off
	IDProtection string `json:"id_protection"`
}

// DomainOutside is what the registrar says. Dates are the registrar's own, "" = not told.
type DomainOutside struct {
	Status       string `json:"status"`
	Raw          string `json:"raw"` // in the registrar's own word
	Renewal      string `json:"renewal"`
	Expiration   string `json:"expiration"`
	Registry     string `json:"registry"`
	AutoRenew    string `json:"auto_renew"` // on | off | "" = not told
	IDProtection string `json:"id_protection"`
}

// Pending says that it has not come to its end.
func (t TransferIn) Pending() bool { return t.State == string(registrar.TransferPending) }

// LookAtDomain reads the rows of a domain that a sync is about, and what the registrar says of it. fault.NotFound when the
// sync has no such domain.
func (a *App) LookAtDomain(ctx context.Context, sync, text string) ([]DomainSides, error) {
	cfg := a.Config.Syncs[sync]
	if !isDomains(cfg) {
		return nil, fmt.Errorf("%s is a sync of type %s: --domain is for domains and transfers", sync, cfg.Type)
	}
	name, err := registrar.ParseName(text)
	if err != nil {
		return nil, fault.New(fault.NotFound, "", sync, "%w", err)
	}
	all := newDomainRows(a.sources[cfg.Source], cfg)
	rows, err := all.byNames(ctx, name)
	if err == nil && len(rows) == 0 {
		err = all.unlisted(ctx, sync, name)
	}
	if err != nil {
		return nil, err
	}
	if err := a.OpenQueue(ctx); err != nil { // the account's limits live there
		return nil, err
	}
	account, err := a.account(cfg.Account)
	if err != nil {
		return nil, err
	}
	held, err := account.registrar.Get(ctx, name)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	transfer, trouble := a.transferIn(ctx, sync, account.registrar, name)
	if trouble != nil {
		return nil, trouble
	}
	var sides []DomainSides
	for _, row := range rows {
		one := DomainSides{Name: string(name), ID: row.ID, WHMCS: inWHMCS(row), Transfer: transfer}
		if err == nil {
			one.Registrar = outside(held)
		}
		sides = append(sides, one)
	}
	return sides, nil
}

// transferIn asks for the transfer in of a name, for a sync that follows them; nil = there is none.
func (a *App) transferIn(ctx context.Context, sync string, at registrar.Registrar, name registrar.Name) (*TransferIn, error) {
	tracker, can := at.(registrar.TransferTracker)
	if a.Config.Syncs[sync].Type != "transfers" || !can {
		return nil, nil //nolint:nilnil // nobody follows it
	}
	t, err := tracker.Transfer(ctx, name)
	if fault.Is(err, fault.NotFound) {
		return nil, nil //nolint:nilnil // not there is an answer
	}
	if err != nil {
		return nil, err
	}
	in := &TransferIn{State: string(t.State), Raw: t.Raw, Reason: t.Reason}
	if t.State != registrar.TransferPending {
		return in, nil
	}
	memories, err := a.Store.MemoriesByKeys(ctx, sync, []string{string(name)})
	for _, u := range domainsync.UnderwayIn(slices.Collect(maps.Values(memories))) {
		in.Since, in.Days = u.Since, u.Days(time.Now())
	}
	return in, err
}

func inWHMCS(row whmcs.Domain) DomainInWHMCS {
	return DomainInWHMCS{
		Status: string(row.Status), Expiry: row.Expiry.String(), NextDue: row.NextDue.String(), NextInvoice: row.NextInvoice.String(),
		AutoRenew: setting(registrar.TriOf(!row.DoNotRenew)), IDProtection: setting(registrar.TriOf(row.IDProtection)),
	}
}

func outside(d registrar.Domain) *DomainOutside {
	return &DomainOutside{
		Status: string(d.Status), Raw: d.Raw, Renewal: day(d.Dates.Renewal), Expiration: day(d.Dates.Expiration), Registry: day(d.Dates.Registry),
		AutoRenew: setting(d.AutoRenew), IDProtection: setting(d.Privacy),
	}
}

func day(d registrar.Date) string {
	if d.Day.IsZero() {
		return d.Text
	}
	return d.Day.String()
}

func setting(t registrar.Tri) string {
	switch t {
	case registrar.On:
		return "on"
	case registrar.Off:
		return "off"
	default:
		return ""
	}
}
