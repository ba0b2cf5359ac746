package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

func domainWarnings(at string, s Sync, account string) []string {
	var all []string
	warn := func(when bool, text string) {
		if when {
			all = append(all, at+text)
		}
	}
	d := s.Domains
	warn(account == "rdap", ".account: rdap knows what is registered, not what is yours or paid: a domain that left you still looks held")
	warn(d.ExpiryDate == "registry", ".expiry_date: registry may run a year ahead of what is paid; customers would be renewed for nothing")
	warn(d.AllowTwoWriters, ".allow_two_writers: true lets WHMCS's own domain sync and this one undo each other's work")
	warn(d.DueDate.InvoiceItems, ".due_date.invoice_items: true changes items of invoices that customers have received")
	return append(all, statusWarnings(at+".status_map.", account, d.StatusMap)...)
}

// The words of Openprovider for a name that is live, for one that is on its way, and for one that is not or no longer there.
var (
	liveWords    = []string{"ACT"}
	pendingWords = []string{"REQ", "PEN", "SCH", "RRQ"}
	goneWords    = []string{"DEL", "FAI", "REJ"}
)

// statusWarnings finds words of Openprovider that a map turns into the opposite of what they mean. Other registrars' words
// are not known here.
func statusWarnings(at, account string, statuses map[string]whmcs.DomainStatus) []string {
	if account != "openprovider" {
		return nil
	}
	var all []string
	for _, word := range slices.Sorted(maps.Keys(statuses)) {
		if harm := harm(word, statuses[word]); harm != "" {
			all = append(all, fmt.Sprintf("%s%s: %s %s", at, word, statuses[word], harm))
		}
	}
	return all
}

// harm is what a line of a status map would do; "" when it may well be meant.
func harm(word string, to whmcs.DomainStatus) string {
	ended := slices.Contains([]whmcs.DomainStatus{whmcs.DomainExpired, whmcs.DomainCancelled, whmcs.DomainFraud, whmcs.DomainTransferredAway}, to)
	switch {
	case slices.Contains(liveWords, word) && ended:
		return "ends every domain that is live at the registrar; WHMCS would no longer bill its renewal. Take the line away, or write Active"
	case slices.Contains(liveWords, word) && to != whmcs.DomainActive:
		return "takes every domain that is live at the registrar for one that is not. Take the line away, or write Active"
	case slices.Contains(pendingWords, word) && ended:
		return "ends domains whose order is still on its way at the registrar. Take the line away"
	case slices.Contains(goneWords, word) && to == whmcs.DomainActive:
		return "shows domains as Active that the registrar has deleted or never got; customers would be billed for them. Take the line away"
	}
	return ""
}

// rows are those that a domains or transfers sync is about, the excluded ones aside.
type rows struct{ source, registrar string }

// rows tells two syncs of the same rows by the same value: WHMCS and we take the name of a registrar in any case.
func (s Sync) rows() rows {
	return rows{s.Source, strings.ToLower(strings.TrimSpace(s.Domains.Registrar))}
}

// SameRows says whether two syncs are about rows of the same registrar in the same WHMCS.
func (s Sync) SameRows(other Sync) bool { return s.rows() == other.rows() }

// sharedDomains finds syncs that write the same domains of one source: the later would undo what the earlier did.
func sharedDomains(syncs map[string]Sync) []string {
	type duty struct {
		rows
		duty string
	}
	var all []string
	owner := map[duty]string{}
	for _, name := range slices.Sorted(maps.Keys(syncs)) {
		s := syncs[name]
		if s.Domains.Registrar == "" {
			continue
		}
		of := duty{s.rows(), s.Type}
		if first, taken := owner[of]; taken {
			all = append(all, fmt.Sprintf("syncs.%s.registrar: %s of %s is also kept in step by %s; make sure that no domain is in both",
				name, s.Domains.Registrar, s.Source, first))
			continue
		}
		owner[of] = name
	}
	return all
}
