package config

import (
	"maps"
	"net"
	"slices"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

var syncTypes = []string{"clients", "domains", "transfers"}

// check looks at what one value alone cannot tell: required keys, references, keys that exclude each other. It also fills
// in what depends on a type, and gives each sync without a time zone that of its source.
func (d *decoder) check(c *Config) {
	d.checkHTTP(c.HTTP)
	if d.given("mail") {
		d.checkMail(c.Mail)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Sources)) {
		d.checkSource("sources." + name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Accounts)) {
		c.Accounts[name] = d.checkAccount("accounts."+name, c.Accounts[name])
	}
	for _, name := range slices.Sorted(maps.Keys(c.Syncs)) {
		c.Syncs[name] = d.checkSync("syncs."+name, c.Syncs[name], c)
	}
	d.checkBuyers(c.Syncs)
	d.checkMarkers(c.Syncs)
}

// require reports a key that has no default and is not in the file. A section that was refused as a whole is enough said.
func (d *decoder) require(at, name, example string) {
	if path := at + "." + name; !d.given(path) && !d.refused(at) {
		d.report(path, "is missing: write e.g. %s: %s", name, example)
	}
}

func (d *decoder) checkSource(at string) {
	d.require(at, "dsn", "whmcsync:${WHMCS_DB_PASSWORD}@tcp(db:3306)/whmcs")
	if d.given(at + ".api") {
		d.require(at+".api", "url", "https://billing.example.com/includes/api.php")
		d.require(at+".api", "identifier", "${WHMCS_API_IDENTIFIER}")
		d.require(at+".api", "secret", "${WHMCS_API_SECRET}")
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
	if (len(s.Report.To) > 0 || s.Report.Admins) && !d.given("mail") {
		d.report(at+".report", "needs a server to send it through: add the section mail")
	}
	d.checkType(at, &s, c)
	return s
}

// checkType looks at what belongs to the type of a sync.
func (d *decoder) checkType(at string, s *Sync, c *Config) {
	d.checkServes(at, s.Type, c.Accounts[s.Account].Type)
	switch s.Type {
	case "clients":
		d.checkStatuses(at, s, texts(clientStatuses), []string{string(whmcs.ClientActive)})
		d.misplaced(at, "domains or transfers", names(domainKeys(&Domains{}))...)
		s.Domains = Domains{}
	case "domains", "transfers":
		d.checkDomains(at, s, c)
		d.misplaced(at, "clients", append(names(clientKeys(&Clients{})), "full_every")...)
		s.Clients = Clients{}
	}
}

// checkServes holds an account to the syncs that it can serve. A type that is missing or unknown was reported already.
func (d *decoder) checkServes(at, duty, account string) {
	served := []string{"domains", "transfers"}
	switch account {
	case "mailrelay":
		served = []string{"clients"}
	case "rdap":
		served = []string{"domains"}
	}
	if duty != "" && account != "" && !slices.Contains(served, duty) {
		d.report(at+".account", "is an account of type %s, which is for syncs of type %s: name another", account, either(served))
	}
}

// checkStatuses holds the statuses to those of the type's records. What was written is not shown: it may come from a secret.
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
			d.report(path, "must be %s%s", either(options), didYouMean(status, options))
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

// misplaced reports keys that belong to another type of sync.
func (d *decoder) misplaced(at, of string, keys ...string) {
	for _, name := range keys {
		if path := at + "." + name; d.given(path) {
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
