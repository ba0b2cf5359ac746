package holding

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

// Domain is one domain as both sides have it when there is nothing to do about it.
type Domain struct {
	Row  whmcs.Domain // in WHMCS
	Held sim.Domain   // at Openprovider
}

// Filter is that of a domains sync for Openprovider which says nothing of its own.
func Filter() whmcs.DomainFilter {
	return whmcs.DomainFilter{Registrar: "openprovider", Statuses: []whmcs.DomainStatus{
		whmcs.DomainActive, whmcs.DomainPendingRegistration, whmcs.DomainPendingTransfer, whmcs.DomainGrace,
		whmcs.DomainRedemption, whmcs.DomainExpired,
	}}
}

// Load fills tbldomains of a database that fixture.Load has made until n domains pass Filter; the others are at other
// registrars, or over. It switches the domain sync of WHMCS itself off, as where whmcsync has taken over.
func Load(ctx context.Context, dsn string, n int, today civil.Date) ([]Domain, error) {
	options := fixture.DomainOptions{N: 2 * n, Seed: 1, Today: today}
	if err := fixture.LoadDomains(ctx, dsn, options); err != nil {
		return nil, err
	}
	domains, err := choose(options, n)
	if err != nil {
		return nil, err
	}
	return domains, prune(ctx, dsn, domains[n-1].Row.ID)
}

// choose takes the first n domains that pass.
func choose(options fixture.DomainOptions, n int) ([]Domain, error) {
	var domains []Domain
	filter := Filter()
	sieve := filter.Sieve()
	for row := range fixture.Domains(options) {
		if !sieve.Admits(row) {
			continue
		}
		name, err := registrar.ParseName(row.RawName)
		if err != nil {
			return nil, err
		}
		if domains = append(domains, Domain{row, inStep(row, name, options.Today)}); len(domains) == n {
			return domains, nil
		}
	}
	return nil, fmt.Errorf("of %d domains only %d belong to the registrar", options.N, len(domains))
}

// prune takes out what is behind the last domain that is needed, and the few that every such database begins with.
func prune(ctx context.Context, dsn string, last int64) error {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "DELETE FROM tbldomains WHERE id < 1001 OR id > ?", last); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "UPDATE tblconfiguration SET value = '' WHERE setting = 'DomainSyncEnabled'")
	return err
}

// inStep is a domain as the registrar holds it when there is nothing to do about it.
func inStep(d whmcs.Domain, name registrar.Name, today civil.Date) sim.Domain {
	held := sim.Domain{
		ID: d.ID, Name: string(name), Status: "ACT", Type: "NEW", AutoRenew: "on", Privacy: new(d.IDProtection), PrivacyAllowed: new(true),
	}
	if d.DoNotRenew {
		held.AutoRenew = "off"
	}
	switch d.Status {
	case whmcs.DomainPendingRegistration:
		held.Status = "REQ"
	case whmcs.DomainPendingTransfer:
		held.Status, held.Type = "REQ", "TRANSFER"
	case whmcs.DomainGrace:
		Delete(&held, today.AddDays(10), today.AddDays(40))
	case whmcs.DomainRedemption:
		Delete(&held, today.AddDays(-10), today.AddDays(20))
	case whmcs.DomainExpired:
		hard := today.AddDays(-30)
		if hard.Before(d.Registered) {
			hard = d.Registered // what ended before is of an earlier life of the name, and no evidence
		}
		Delete(&held, hard.AddDays(-30), hard)
	default:
		Renew(&held, d.Expiry)
	}
	return held
}

// Renew has a domain last until a day; the zero day is one that the registrar does not tell.
func Renew(held *sim.Domain, until civil.Date) {
	held.Status, held.SoftUntil, held.HardUntil = "ACT", "", ""
	held.Renewal = Moment(until)
	held.Expiration = held.Renewal
}

// Delete puts a domain into quarantine: until soft it can be renewed, until hard restored.
func Delete(held *sim.Domain, soft, hard civil.Date) {
	held.Status, held.SoftUntil, held.HardUntil = "DEL", Moment(soft), Moment(hard)
}

// Moment is a day as Openprovider prints it; "" = none.
func Moment(day civil.Date) string {
	if day.IsZero() {
		return ""
	}
	return day.String() + " 00:00:00"
}
