package mailrelay

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/wire"
)

// entry turns a subscriber into the port's words. A zero subscriber becomes a zero entry.
func entry(s wire.Subscriber) maillist.Entry {
	if s.ID == 0 {
		return maillist.Entry{}
	}
	return maillist.Entry{
		ID:          int64(s.ID),
		Email:       string(s.Email),
		Status:      status(string(s.Status)),
		Attributes:  attributes(s),
		Fields:      filled(s.CustomFields),
		Groups:      groupIDs(s.Groups.IDs),
		GroupsKnown: s.Groups.Known,
		Suppression: suppression(s),
	}
}

// status takes everything but a clear "active" for inactive.
func status(raw string) maillist.Status {
	if strings.EqualFold(raw, string(maillist.Active)) {
		return maillist.Active
	}
	return maillist.Inactive
}

func suppression(s wire.Subscriber) maillist.Suppression {
	switch {
	case bool(s.ReportedSpam):
		return maillist.Complained
	case bool(s.LocalBan), bool(s.GlobalBan):
		return maillist.Banned
	case bool(s.Unsubscribed):
		return maillist.Unsubscribed
	case bool(s.Bounced):
		return maillist.Bounced
	default:
		return maillist.NotSuppressed
	}
}

func attributes(s wire.Subscriber) maillist.Attributes {
	all := map[string]string{
		"name": string(s.Name), "address": string(s.Address), "city": string(s.City), "state": string(s.State),
		"country": string(s.Country), "birthday": string(s.Birthday), "website": string(s.Website),
		"time_zone": string(s.TimeZone), "locale": string(s.Locale),
	}
	return filled(all)
}

// filled leaves empty values out: absent and empty mean the same here.
func filled(values map[string]string) map[string]string {
	maps.DeleteFunc(values, func(_, value string) bool { return value == "" })
	if len(values) == 0 {
		return nil
	}
	return values
}

func groupIDs(ids []int64) []maillist.GroupID {
	groups := make([]maillist.GroupID, 0, len(ids))
	for _, id := range ids {
		groups = append(groups, maillist.GroupID(id))
	}
	return groups
}

func ids(groups []maillist.GroupID) []int64 {
	out := make([]int64, 0, len(groups))
	for _, g := range groups {
		out = append(out, int64(g))
	}
	return out
}

func without(groups, gone []maillist.GroupID) []maillist.GroupID {
	staying := make([]maillist.GroupID, 0, len(groups))
	for _, g := range groups {
		if !slices.Contains(gone, g) {
			staying = append(staying, g)
		}
	}
	return staying
}

func syncBody(s maillist.Subscriber) wire.Sync {
	return wire.Sync{
		Email: s.Email, Status: string(s.Status), GroupIDs: ids(s.Groups), ReplaceGroups: s.ReplaceGroups,
		Attributes: s.Attributes, CustomFields: s.Fields,
	}
}

// spellings are the ways in which a list may hold an address: as given, with the domain in punycode, in Unicode.
func spellings(email string) []string {
	local, domain, ok := cutAddress(email)
	if !ok {
		return []string{email}
	}
	all := []string{email}
	for _, convert := range []func(string) (string, error){idna.Lookup.ToASCII, idna.Lookup.ToUnicode} {
		converted, err := convert(strings.ToLower(domain))
		if spelling := local + "@" + converted; err == nil && !containsFold(all, spelling) {
			all = append(all, spelling)
		}
	}
	return all
}

func containsFold(all []string, s string) bool {
	return slices.ContainsFunc(all, func(other string) bool { return strings.EqualFold(other, s) })
}

func cutAddress(email string) (local, domain string, ok bool) {
	at := strings.LastIndexByte(email, '@')
	if at <= 0 || at == len(email)-1 {
		return "", "", false
	}
	return email[:at], email[at+1:], true
}

// sameAddress compares without case and with the domain in punycode.
func sameAddress(a, b string) bool { return canonical(a) == canonical(b) }

func canonical(email string) string {
	email = strings.ToLower(strings.TrimSpace(email))
	local, domain, ok := cutAddress(email)
	if !ok {
		return email
	}
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		domain = ascii
	}
	return local + "@" + domain
}
