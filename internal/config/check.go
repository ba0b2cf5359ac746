package config

import (
	"maps"
	"net"
	"slices"
)

var (
	accountTypes = []string{"mailrelay"}
	syncTypes    = []string{"clients"}
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
		d.checkAccount("accounts." + name)
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

func (d *decoder) checkAccount(at string) {
	d.require(at, "type", "mailrelay")
	d.require(at, "api_key", "${MAILRELAY_KEY}")
	host, base := d.given(at+".host"), d.given(at+".base_url")
	if !host && !base {
		d.require(at, "host", "acme")
	}
	if host && base {
		d.report(at+".base_url", "stands beside host: keep one of the two")
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
	return s
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
