package domainsync_test

import (
	"fmt"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

// A decision is a value: what WHMCS has, against what the registrar says. What is destructive waits for the end of the run.
func ExamplePolicy_Decide() {
	policy := domainsync.Policy{
		Leads:  domainsync.Leads{Status: domainsync.LedByRegistrar, Expiry: domainsync.LedByRegistrar, AutoRenew: domainsync.LedByWHMCS},
		Expiry: domainsync.FromPaid, Revive: true,
		Due: domainsync.DueRule{Follow: true, Days: 7, MaxDifference: 400},
	}
	row := whmcs.Domain{
		ID: 4, Status: whmcs.DomainGrace, Expiry: civil.Must("2031-03-01"), NextDue: civil.Must("2031-02-22"),
		NextInvoice: civil.Must("2031-02-22"), DoNotRenew: true,
	}
	renewed := registrar.Domain{
		Name: "example.com", Status: registrar.Active, AutoRenew: registrar.On,
		Dates: registrar.Dates{Renewal: registrar.Date{Day: civil.Must("2032-03-01")}},
	}

	decision := policy.Decide(domainsync.Input{
		Row: row, Name: "example.com", Seen: domainsync.Evidence{Known: true, Live: true, Domain: &renewed},
		Today: civil.Must("2031-03-15"), Now: time.Date(2031, 3, 15, 12, 0, 0, 0, time.UTC),
	})
	for _, c := range decision.Changes {
		fmt.Printf("%s: %s %s -> %s (destructive: %v)\n", c.Side, c.Field, c.Old, c.New, c.Destructive)
	}
	// Output:
	// source: status Grace -> Active (destructive: false)
	// source: expiry 2031-03-01 -> 2032-03-01 (destructive: false)
	// source: next_due 2031-02-22 -> 2032-02-23 (destructive: false)
	// source: next_invoice 2031-02-22 -> 2032-02-23 (destructive: false)
	// account: auto_renew on -> off (destructive: true)
}
