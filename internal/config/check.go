package config

import (
	"maps"
	"net"
	"slices"
	"time"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

var (
	accountTypes = []string{"mailrelay", "openprovider", "logicboxes", "opensrs", "namecheap", "realtimeregister", "rdap"}
	syncTypes    = []string{"clients", "domains", "transfers"}
)

// check looks at what one value alone cannot tell: required keys, references, keys that exclude each other. It also gives
// each sync without a time zone that of its source.
func (d *decoder) check(c *Config) {
	d.checkHTTP(c.HTTP)
	if d.given("mail") {
		d.checkMail(c.Mail)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Sources)) {
		d.require("sources."+name, "dsn", "whmcsync:${WHMCS_DB_PASSWORD}@tcp(db:3306)/whmcs")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		c.Accounts[name] = d.checkAccount("accounts."+name, c.Accounts[name])
	}
	for _, name := range slices.Sorted(maps.Keys(c.Syncs)) {
		c.Syncs[name] = d.checkSync("syncs."+name, c.Syncs[name], c)
	}
}

// require reports a key that has no default and is not in the file. A section that was refused as a whole is enough said.
func (d *decoder) require(at, name, example string) {
	if path := at + "." + name; !d.given(path) && !d.refused(at) {
		d.report(path, "is missing: write e.g. %s: %s", name, example)
	}
}

func (d *decoder) checkHTTP(h HTTP) {
	host, _, err := net.SplitHostPort(h.Listen)
	if err == nil && !loopback(host) && len(h.Users)+len(h.Tokens) == 0 {
		d.report("http.listen", "is open to other machines and nobody may sign in: add http.users or http.tokens, or listen on 127.0.0.1")
	}
	if h.MetricsListen != "" && h.MetricsListen == h.Listen {
		d.report("http.metrics_listen", "is the same as http.listen: choose another port, or take the line away")
	}
	users, tokens := map[string]bool{}, map[string]bool{}
	for i, user := range h.Users {
		d.checkItem("http.users", i, user.Name, users, "password")
	}
	for i, token := range h.Tokens {
		d.checkItem("http.tokens", i, token.Name, tokens, "value")
	}
}

func (d *decoder) checkItem(list string, index int, name string, before map[string]bool, secret string) {
	at := item(list, index)
	d.require(at, "name", "ops")
	d.require(at, secret, "${OPS_SECRET}")
	if name != "" && before[name] {
		d.report(at+".name", "is there twice: give each its own")
	}
	before[name] = true
}

func (d *decoder) checkMail(m Mail) {
	d.require("mail", "host", "smtp.example.com")
	d.require("mail", "from", "whmcsync@example.com")
	if m.Username != "" {
		d.require("mail", "password", "${SMTP_PASSWORD}")
	}
	if !m.Password.IsZero() {
		d.require("mail", "username", "whmcsync")
	}
}

// needs says what an account of each type cannot do without; the example is what a message shows.
var needs = map[string][]struct{ key, example string }{
	"mailrelay":        {{"api_key", "${MAILRELAY_KEY}"}},
	"openprovider":     {{"username", "acme"}, {"password", "${OPENPROVIDER_PASSWORD}"}},
	"logicboxes":       {{"username", "123456"}, {"api_key", "${LOGICBOXES_KEY}"}},
	"opensrs":          {{"username", "acme"}, {"api_key", "${OPENSRS_KEY}"}},
	"namecheap":        {{"username", "acme"}, {"api_key", "${NAMECHEAP_KEY}"}, {"client_ip", "192.0.2.10"}},
	"realtimeregister": {{"api_key", "${REALTIMEREGISTER_KEY}"}},
}

// alone are the keys of an account that only one type has.
var alone = map[string]string{
	"host": "mailrelay", "api_batches": "mailrelay", "password": "openprovider", "client_ip": "namecheap",
	"bootstrap": "rdap", "sub_resellers": "logicboxes",
}

// usual is what an account of each type takes, as far as it differs from a mailing list's. A page size
// of 0 is the vendor's.
var usual = map[string]Account{
	"openprovider":     {Rate: Rate{4, 4}, Timeout: time.Minute},
	"logicboxes":       {Rate: Rate{1, 2}, Timeout: 30 * time.Second},
	"opensrs":          {Rate: Rate{2, 4}, Timeout: 2 * time.Minute},
	"namecheap":        {Rate: Rate{0.19, 2}, Timeout: 30 * time.Second}, // 700 calls an hour are allowed
	"realtimeregister": {Rate: Rate{4, 4}, Timeout: 30 * time.Second},
	"rdap":             {Rate: Rate{1, 2}, Timeout: 30 * time.Second},
}

// checkAccount returns the account with what is usual for its type in place of what is not said.
func (d *decoder) checkAccount(at string, a Account) Account {
	if usual, ok := usual[a.Type]; ok {
		orElse(d, at+".rate.per_second", &a.Rate.PerSecond, usual.Rate.PerSecond)
		orElse(d, at+".rate.in_flight", &a.Rate.InFlight, usual.Rate.InFlight)
		orElse(d, at+".timeout", &a.Timeout, usual.Timeout)
		orElse(d, at+".page_size", &a.PageSize, usual.PageSize)
	}
	d.require(at, "type", "mailrelay")
	for _, need := range needs[a.Type] {
		d.require(at, need.key, need.example)
	}
	for _, name := range slices.Sorted(maps.Keys(alone)) {
		if d.given(at+"."+name) && a.Type != "" && a.Type != alone[name] {
			d.report(at+"."+name, "is for accounts of type %s: take the line away", alone[name])
		}
	}
	host, base := d.given(at+".host"), d.given(at+".base_url")
	if a.Type == "mailrelay" && !host && !base {
		d.require(at, "host", "acme")
	}
	if host && base {
		d.report(at+".base_url", "stands beside host: keep one of the two")
	}
	return a
}

// orElse puts a value in the place of a setting that is not in the file.
func orElse[T any](d *decoder, at string, into *T, value T) {
	if !d.given(at) {
		*into = value
	}
}

func (d *decoder) checkSync(at string, s Sync, c *Config) Sync {
	d.require(at, "type", "clients")
	d.require(at, "source", "main")
	d.require(at, "account", "news")
	reference(d, at+".source", s.Source, "source", c.Sources)
	reference(d, at+".account", s.Account, "account", c.Accounts)
	if s.Timezone == nil {
		s.Timezone = newSource().Timezone
		if source, ok := c.Sources[s.Source]; ok {
			s.Timezone = source.Timezone
		}
	}
	d.checkType(at, &s, c)
	return s
}

// checkType looks at what belongs to the type of a sync.
func (d *decoder) checkType(at string, s *Sync, c *Config) {
	account, known := c.Accounts[s.Account]
	if isList := account.Type == "mailrelay"; known && s.Type != "" && account.Type != "" && isList != (s.Type == "clients") {
		d.report(at+".account", "is an account of type %s, which a sync of type %s cannot use", account.Type, s.Type)
	}
	switch s.Type {
	case "clients":
		d.checkStatuses(at, s, texts(clientStatuses), []string{string(whmcs.ClientActive)})
		d.misplaced(at, domainKeys(&Domains{}), "domains or transfers")
		s.Domains = Domains{}
	case "domains", "transfers":
		d.checkDomains(at, s, c)
		d.misplaced(at, clientKeys(&Clients{}), "clients")
		s.Clients = Clients{}
	}
}

// checkStatuses holds the statuses to those of the type's records.
func (d *decoder) checkStatuses(at string, s *Sync, options, otherwise []string) {
	if !d.given(at + ".statuses") {
		s.Statuses = otherwise
	}
	for i, status := range s.Statuses {
		path := item(at+".statuses", i)
		if !d.given(path) {
			path = at + ".statuses" // one alone, without brackets
		}
		if !slices.Contains(options, status) {
			d.report(path, "must be %s, got %q%s", either(options), status, didYouMean(status, options))
		}
	}
}

func texts[T ~string](words []T) []string {
	all := make([]string, len(words))
	for i, word := range words {
		all[i] = string(word)
	}
	return all
}

// misplaced reports keys of another type of sync.
func (d *decoder) misplaced(at string, keys []key, of string) {
	for _, k := range keys {
		if path := at + "." + k.name; d.given(path) {
			d.report(path, "is for syncs of type %s: take the line away", of)
		}
	}
}

// reference holds a name to the section it points into.
func reference[T any](d *decoder, at, name, what string, all map[string]T) {
	if _, ok := all[name]; ok || name == "" {
		return
	}
	known := slices.Sorted(maps.Keys(all))
	if len(known) == 0 {
		d.report(at, "names a %s, and %ss is empty: add the %s", what, what, what)
		return
	}
	d.report(at, "there is no such %s%s", what, orKnown(name, known))
}
