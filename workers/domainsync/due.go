package domainsync

import "github.com/whmcsync/whmcsync/internal/whmcs"

// due moves the due date along with the expiry date. Both days of WHMCS move together: the second is what makes it write
// an invoice.
func (p Policy) due(d *Decision, after *whmcs.DomainValues) {
	if !p.Due.Follow || after.Status != whmcs.DomainActive || after.Expiry.IsZero() {
		return
	}
	due, before := after.Expiry.AddDays(-p.Due.Days), d.Row.NextDue
	if due == before || !possible(due, d.Today) {
		d.forget(FieldNextDue)
		return
	}
	off := 0
	if !before.IsZero() {
		off = due.DaysSince(before)
	}
	switch {
	case max(off, -off) > p.Due.MaxDifference:
		d.notice(FieldNextDue, before.String(), due.String(), "it is %d days off, and only %d are allowed", max(off, -off), p.Due.MaxDifference)
	case d.invoiced() && !p.Due.InvoiceItems:
		d.notice(FieldNextDue, before.String(), due.String(), "an invoice for the present due date is out")
	default:
		d.forget(FieldNextDue)
		after.NextDue, after.NextInvoice = due, due
	}
}

// invoiced says whether WHMCS has written an invoice for the present due date: then the next one is further on, or an
// open item says so.
func (d *Decision) invoiced() bool {
	return d.Row.OpenInvoice || !d.Row.NextDue.IsZero() && d.Row.NextInvoice.After(d.Row.NextDue)
}

// forget ends a notice, so that the same difference is reported anew when it comes back.
func (d *Decision) forget(field string) {
	if _, noticed := d.After.Noticed[field]; !noticed {
		return
	}
	rest := map[string]string{}
	for k, v := range d.After.Noticed {
		if k != field {
			rest[k] = v
		}
	}
	d.After.Noticed = rest
}
