package mysql

import (
	"context"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// domainTables are those that the probe for domains looks at.
var domainTables = []string{
	"tbldomains", "tblhosting", "tblproducts", "tblinvoices", "tblinvoiceitems", "tblconfiguration", "tblactivitylog",
	"tbladmins", "tbladminroles",
}

// ProbeDomains finds out what this install has for domains and what we may do there. fault.Refused when it does not
// look like WHMCS, fault.Auth when a column that no sync of domains can do without is not granted.
func (d *DB) ProbeDomains(ctx context.Context) (whmcs.DomainFeatures, error) {
	seen, err := d.columns(ctx, domainTables...)
	if err != nil {
		return whmcs.DomainFeatures{}, d.fail("look at the columns", selectDomains, err)
	}
	if !seen.may(selectDomains) {
		return whmcs.DomainFeatures{}, d.unusable(seen, selectDomains)
	}
	var features whmcs.DomainFeatures
	for _, option := range domainOptions(&features) {
		*option.on = seen.all(option.needs)
		if !*option.on {
			d.miss(&features.Missing, option.without, option.needs...)
		}
	}
	if features.WriteSettings && !seen.numbers(updateSettings) {
		features.WriteSettings = false
		features.Missing = append(features.Missing, withoutSettings+": this version keeps them as text")
	}
	return features, nil
}

const withoutSettings = "auto-renew and ID protection cannot be taken over from the registrar"

// domainOption is a feature, what it needs, and what is to be said where that is missing.
type domainOption struct {
	on      *bool
	without string
	needs   []right
}

func domainOptions(f *whmcs.DomainFeatures) []domainOption {
	return []domainOption{
		{&f.Write, "nothing about domains can be written", []right{updateDomain}},
		{&f.WriteSettings, withoutSettings, []right{updateSettings}},
		{&f.UpdatedAt, "changed domains cannot be looked for between passes: tbldomains.updated_at is absent or not granted", []right{selectTouched}},
		{&f.WriteUpdatedAt, "tbldomains.updated_at, absent or not granted, stays as it is when a domain is written", []right{updateTouched}},
		{&f.Synced, "tbldomains.synced, absent or not granted, stays as it is when a domain is written", []right{updateSynced}},
		{&f.Premium, "premium domains are not told from others: tbldomains.is_premium is absent or not granted", []right{selectPremium}},
		{&f.Services, "clients cannot be left out by product group", []right{selectHosting, selectProducts}},
		{&f.Invoices, "domains with an open invoice are not told from others", []right{selectInvoices, selectItems}},
		{&f.InvoiceItems, "items of open invoices cannot be moved to another due date", []right{selectInvoices, selectItems, updateItems}},
		{&f.Settings, "how WHMCS itself syncs domains is unknown", []right{selectSettings}},
		{&f.ActivityLog, "nothing can be noted in the activity log of WHMCS", []right{insertLog}},
		{&f.Admins, "who gets the system mails of WHMCS is unknown", []right{selectAdmins, selectRoles}},
	}
}

// numbers says whether the columns of a right hold numbers. Where they hold text nobody knows which word a version of
// WHMCS takes for no, and a wrong one ends the renewals of a domain.
func (all columns) numbers(r right) bool {
	for _, c := range all {
		if c.table == r.table && slices.Contains(r.columns, c.name) && !strings.HasSuffix(c.kind, "int") {
			return false
		}
	}
	return true
}

func (all columns) all(rights []right) bool {
	for _, r := range rights {
		if !all.may(r) {
			return false
		}
	}
	return true
}
