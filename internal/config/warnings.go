package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Warnings says what is allowed but deserves a second look, in plain sentences that begin with the setting, always in the same order.
func Warnings(c Config) []string {
	var all []string
	if len(c.Syncs) == 0 {
		all = append(all, "syncs: none is configured, so nothing will run")
	}
	all = append(all, idleMail(c)...)
	for _, name := range slices.Sorted(maps.Keys(c.Syncs)) {
		all = append(all, syncWarnings("syncs."+name, c.Syncs[name], c)...)
	}
	all = append(all, sharedGroups(c.Syncs)...)
	return append(all, sharedDomains(c.Syncs)...)
}

func syncWarnings(at string, s Sync, c Config) []string {
	if s.Type == "clients" {
		return clientWarnings(at, s.Clients)
	}
	return domainWarnings(at, s, c.Accounts[s.Account].Type)
}

// idleMail finds a mail server that no report is sent through.
func idleMail(c Config) []string {
	for _, s := range c.Syncs {
		if len(s.Report.To) > 0 || s.Report.Admins {
			return nil
		}
	}
	if c.Mail.Host == "" {
		return nil
	}
	return []string{"mail: no sync has report.to or report.admins, so nothing is mailed"}
}

func clientWarnings(at string, c Clients) []string {
	var all []string
	if c.Consent == whmcs.ConsentAll {
		all = append(all, at+".consent: all mails people who never agreed or who opted out in WHMCS; make sure that the law lets you")
	}
	if len(c.Groups) == 0 {
		all = append(all, at+".groups: none is given, so clients are subscribed but are in no group")
	}
	if c.ReplaceGroups {
		all = append(all, at+".replace_groups: true also takes people out of groups that were given by hand or by another program")
	}
	return all
}

// sharedGroups finds syncs that give the same group of one account: each would take out whom the other put in.
func sharedGroups(syncs map[string]Sync) []string {
	type group struct {
		account string
		id      int64
	}
	var all []string
	owner := map[group]string{}
	for _, name := range slices.Sorted(maps.Keys(syncs)) {
		for _, rule := range syncs[name].Clients.Groups {
			g := group{syncs[name].Account, rule.ID}
			if first, taken := owner[g]; taken && first != name {
				all = append(all, fmt.Sprintf("syncs.%s.groups: group %d of account %s is also given by %s; one may take out whom the other put in",
					name, g.id, g.account, first))
			}
			owner[g] = name
		}
	}
	return all
}
