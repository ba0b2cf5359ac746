package domainsync_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

func following(days int) func(*domainsync.Policy) {
	return func(p *domainsync.Policy) { p.Due.Follow, p.Due.Days = true, days }
}

func dueOn(due, invoice string) func(*whmcs.Domain) {
	return func(d *whmcs.Domain) { d.NextDue, d.NextInvoice = civil.Must(due), civil.Must(invoice) }
}

func TestDueDates(t *testing.T) {
	t.Parallel()
	moves := func(p *domainsync.Policy) { p.Due.InvoiceItems = true }
	invoiced := func(d *whmcs.Domain) { d.OpenInvoice = true }
	for _, tc := range []struct {
		name    string
		rule    []func(*domainsync.Policy)
		row     []func(*whmcs.Domain)
		expiry  string // at the registrar
		changes []string
		notices []string
	}{
		{name: "stay when they do not follow", expiry: "2031-10-01", changes: []string{"expiry 2031-09-01 -> 2031-10-01"}},
		{
			name: "follow to the same day", rule: rules(following(0)), expiry: "2031-10-01",
			changes: []string{"expiry 2031-09-01 -> 2031-10-01", "next_due 2031-09-01 -> 2031-10-01", "next_invoice 2031-09-01 -> 2031-10-01"},
		},
		{
			name: "follow by some days, across a month that has fewer", rule: rules(following(30)), expiry: "2032-03-30",
			row:     []func(*whmcs.Domain){expiring("2031-03-30"), dueOn("2032-02-01", "2032-02-01")},
			changes: []string{"expiry 2031-03-30 -> 2032-03-30", "next_due 2032-02-01 -> 2032-02-29", "next_invoice 2032-02-01 -> 2032-02-29"},
		},
		{
			name: "follow although the expiry is right already", rule: rules(following(5)), expiry: "2031-09-01",
			changes: []string{"next_due 2031-09-01 -> 2031-08-27", "next_invoice 2031-09-01 -> 2031-08-27"},
		},
		{
			name: "are set where there are none", rule: rules(following(0)), expiry: "2031-09-01", row: []func(*whmcs.Domain){dueOn("", "")},
			changes: []string{"next_due  -> 2031-09-01", "next_invoice  -> 2031-09-01"},
		},
		{
			name: "are left alone where they are right, whatever the invoice's", rule: rules(following(0)), expiry: "2031-09-01",
			row: []func(*whmcs.Domain){dueOn("2031-09-01", "2032-09-01")},
		},
		{
			name: "move by as many days as are allowed", rule: rules(following(0)), expiry: "2031-09-01",
			row:     []func(*whmcs.Domain){dueOn("2031-05-24", "2031-05-24")},
			changes: []string{"next_due 2031-05-24 -> 2031-09-01", "next_invoice 2031-05-24 -> 2031-09-01"},
		},
		{
			name: "stay when they are further off", rule: rules(following(0)), expiry: "2031-09-01",
			row: []func(*whmcs.Domain){dueOn("2031-05-23", "2031-05-23")}, notices: []string{"next_due 2031-05-23 -> 2031-09-01"},
		},
		{
			name: "stay when they are further off the other way", rule: rules(following(0)), expiry: "2031-09-01",
			row: []func(*whmcs.Domain){dueOn("2031-12-11", "2031-12-11")}, notices: []string{"next_due 2031-12-11 -> 2031-09-01"},
		},
		{
			name: "stay when the invoice is out, as its date says", rule: rules(following(0)), expiry: "2031-10-01",
			row:     []func(*whmcs.Domain){dueOn("2031-09-01", "2032-09-01")},
			changes: []string{"expiry 2031-09-01 -> 2031-10-01"}, notices: []string{"next_due 2031-09-01 -> 2031-10-01"},
		},
		{
			name: "stay when the invoice is out, as its items say", rule: rules(following(0)), expiry: "2031-10-01",
			row:     []func(*whmcs.Domain){invoiced},
			changes: []string{"expiry 2031-09-01 -> 2031-10-01"}, notices: []string{"next_due 2031-09-01 -> 2031-10-01"},
		},
		{
			name: "move when the items move along", rule: rules(following(0), moves), expiry: "2031-10-01", row: []func(*whmcs.Domain){invoiced},
			changes: []string{"expiry 2031-09-01 -> 2031-10-01", "next_due 2031-09-01 -> 2031-10-01", "next_invoice 2031-09-01 -> 2031-10-01"},
		},
		{
			name: "of what is not Active stay", rule: rules(following(0)), expiry: "2031-03-01",
			row: []func(*whmcs.Domain){standing(whmcs.DomainGrace)}, changes: []string{"expiry 2031-09-01 -> 2031-03-01 !"},
		},
		{
			name: "never get before 1990", rule: rules(following(366)), expiry: "1990-12-31",
			row: []func(*whmcs.Domain){expiring("1990-12-31"), dueOn("1990-02-01", "1990-02-01")},
		},
		{
			name: "of no expiry are none", rule: rules(following(0)), row: []func(*whmcs.Domain){expiring("")},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := policy(tc.rule...).Decide(input(row(tc.row...), live(held(dated(renewal(tc.expiry)))), domainsync.Memo{}))
			wantChanges(t, d.Changes, tc.changes...)
			wantChanges(t, d.Notices, tc.notices...)
		})
	}
}

func rules(change ...func(*domainsync.Policy)) []func(*domainsync.Policy) { return change }

func TestADueDateThatLeapsBelongsToItsExpiry(t *testing.T) {
	t.Parallel()
	p := policy(following(0), func(p *domainsync.Policy) { p.Due.MaxDifference = 1000 })
	d := p.Decide(input(row(), live(held(dated(renewal("2033-09-01")))), domainsync.Memo{}))
	wantChanges(t, d.Changes, "expiry 2031-09-01 -> 2033-09-01 !", "next_due 2031-09-01 -> 2033-09-01 !", "next_invoice 2031-09-01 -> 2033-09-01 !")
}

func TestADifferenceIsNoticedOnce(t *testing.T) {
	t.Parallel()
	p := policy(following(0))
	far := row(dueOn("2030-09-01", "2030-09-01"))
	first := p.Decide(input(far, listed(held()), domainsync.Memo{}))
	wantChanges(t, first.Notices, "next_due 2030-09-01 -> 2031-09-01")
	again := p.Decide(input(far, listed(held()), first.After))
	if again.Act != domainsync.Nothing {
		t.Errorf("the second time: %s %v", again.Act, told(again.Notices))
	}
	t.Run("for each value", func(t *testing.T) {
		t.Parallel()
		later := p.Decide(input(far, listed(held(dated(renewal("2031-09-02")))), first.After))
		wantChanges(t, later.Notices, "next_due 2030-09-01 -> 2031-09-02")
	})
	t.Run("and anew once it was right", func(t *testing.T) {
		t.Parallel()
		right := p.Decide(input(row(), listed(held()), first.After))
		wantChanges(t, p.Decide(input(far, listed(held()), right.After)).Notices, "next_due 2030-09-01 -> 2031-09-01")
	})
}

func TestARevivedDomainIsDueAgain(t *testing.T) {
	t.Parallel()
	grace := row(standing(whmcs.DomainGrace), expiring("2031-03-01"), dueOn("2031-03-01", "2031-03-01"))
	renewed := live(held(being(registrar.Active), dated(renewal("2032-03-01"))))
	p := policy(following(0), func(p *domainsync.Policy) { p.Due.MaxDifference = 366 })
	wantChanges(t, p.Decide(input(grace, renewed, domainsync.Memo{})).Changes, "status Grace -> Active",
		"expiry 2031-03-01 -> 2032-03-01", "next_due 2031-03-01 -> 2032-03-01", "next_invoice 2031-03-01 -> 2032-03-01")
}
