package app

import (
	"context"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// registrar proves the credentials of an account at a registrar.
func (c *checker) registrar(ctx context.Context, s subject, r registrar.Checker) []Finding {
	health, err := r.Check(ctx)
	if err != nil {
		return []Finding{s.broken(accountHint(s.subject, c.Config.Accounts[s.subject], err), err)}
	}
	found := []Finding{s.ok("credentials accepted; %d domains", health.Domains)}
	for _, remark := range health.Remarks {
		found = append(found, s.warning("", "%s", remark))
	}
	return found
}

// renewals tells of syncs that are to buy renewals from a registrar that none can be bought from.
func (c *checker) renewals(s subject, r registrar.Registrar) []Finding {
	if _, can := r.(registrar.Renewer); can {
		return nil
	}
	var found []Finding
	for _, name := range c.syncsOf(func(sync config.Sync) bool { return sync.Account == s.subject && len(sync.Domains.RenewTLDs) > 0 }) {
		found = append(found, s.warning("take syncs."+name+".renew_after_transfer away, and renew at the registrar what is proposed",
			"%s: whmcsync cannot buy renewals from this registrar, so they are only proposed", name))
	}
	return found
}

// domains proves what the syncs of domains and transfers need of their source.
func (c *checker) domains(ctx context.Context, s subject, src *source) []Finding {
	var found []Finding
	for _, name := range c.syncsOf(func(sync config.Sync) bool { return sync.Source == s.subject && isDomains(sync) }) {
		cfg := c.Config.Syncs[name]
		db, features, settings, err := newDomainRows(src, cfg).open(ctx)
		if err != nil {
			found = append(found, s.broken("", err))
			continue
		}
		found = append(found, lacks(s, name, cfg, features)...)
		if features.Write && writesDomains(cfg) {
			found = append(found, s.readOnly(name, "syncs."+name+".mode: notify", db.ProveDomainWrite(ctx))...)
		}
		if why := twoWriters(cfg.Domains, features, settings); why != "" && cfg.Mode == "apply" {
			found = append(found, s.warning("set it to Notify Only in WHMCS (Automation Settings), or write syncs."+name+".allow_two_writers: true where it does not write",
				"%s: %s, so changes are only noted", name, why))
		}
		if c.loudModule(cfg, settings) {
			found = append(found, s.warning("switch Domain Sync off in WHMCS (Automation Settings), or make sure that the module is older",
				"%s: WHMCS's domain sync is on, and goes on calling Openprovider's module; from version 5.9 on that writes status and expiry date "+
					"by itself, Notify Only or not (its version cannot be seen from here)", name))
		}
		if why := unfollowed(cfg.Domains, settings); why != "" {
			found = append(found, s.failed("mend the setting in WHMCS (Automation Settings), or write syncs."+name+".due_date",
				"%s: %s, so due dates are left alone", name, why))
		}
	}
	return found
}

// writesDomains says whether a sync is meant to write to WHMCS.
func writesDomains(cfg config.Sync) bool {
	leads := cfg.Domains.Leads
	return cfg.Mode == "apply" && slices.Contains([]string{leads.Status, leads.Expiry, leads.AutoRenew, leads.IDProtection}, "registrar")
}

// loudModule says whether WHMCS, told to notify only, may go on calling a module that writes all the same.
func (c *checker) loudModule(cfg config.Sync, settings whmcs.DomainSettings) bool {
	return cfg.Mode == "apply" && settings.SyncEnabled && settings.NotifyOnly &&
		c.Config.Accounts[cfg.Account].Type == "openprovider" && strings.EqualFold(strings.TrimSpace(cfg.Domains.Registrar), "openprovider")
}

// lacks tells what a sync would use and may not.
func lacks(s subject, name string, cfg config.Sync, f whmcs.DomainFeatures) []Finding {
	var found []Finding
	for _, line := range f.Missing {
		detail, hint, _ := strings.Cut(line, "; if it is wanted: ")
		if cfg.Mode == "apply" && !f.Write && strings.Contains(hint, "nextinvoicedate") {
			found = append(found, s.failed(hint, "%s: %s", name, detail))
			continue
		}
		found = append(found, s.warning(hint, "%s: %s", name, detail))
	}
	return found
}
