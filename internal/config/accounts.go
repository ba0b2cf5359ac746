package config

import (
	"maps"
	"slices"
	"time"
)

var accountTypes = []string{"mailrelay", "openprovider", "logicboxes", "opensrs", "namecheap", "realtimeregister", "rdap"}

// needs says what an account of each type cannot do without; the example is what a message shows.
var needs = map[string][]struct{ key, example string }{
	"mailrelay":        {{"api_key", "${MAILRELAY_KEY}"}},
	"openprovider":     {{"username", "acme"}, {"password", "${OPENPROVIDER_PASSWORD}"}},
	"logicboxes":       {{"username", `"123456"`}, {"api_key", "${LOGICBOXES_KEY}"}},
	"opensrs":          {{"username", "acme"}, {"api_key", "${OPENSRS_KEY}"}},
	"namecheap":        {{"username", "acme"}, {"api_key", "${NAMECHEAP_KEY}"}, {"client_ip", "192.0.2.10"}},
	"realtimeregister": {{"api_key", "${REALTIMEREGISTER_KEY}"}},
}

// owners are the types of account that have a key which the others have not.
var owners = map[string][]string{
	"host":          {"mailrelay"},
	"api_batches":   {"mailrelay"},
	"username":      {"openprovider", "logicboxes", "opensrs", "namecheap"},
	"password":      {"openprovider"},
	"api_key":       {"mailrelay", "logicboxes", "opensrs", "namecheap", "realtimeregister"},
	"client_ip":     {"namecheap"},
	"bootstrap":     {"rdap"},
	"sub_resellers": {"logicboxes"},
}

// usual is what an account of each type takes, as far as it differs from a mailing list's. A page size of 0 is the
// vendor's.
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
	d.require(at, "type", "mailrelay")
	for _, need := range needs[a.Type] {
		d.require(at, need.key, need.example)
	}
	for _, name := range slices.Sorted(maps.Keys(owners)) {
		if d.given(at+"."+name) && a.Type != "" && !slices.Contains(owners[name], a.Type) {
			d.report(at+"."+name, "is for accounts of type %s: take the line away", either(owners[name]))
		}
	}
	if a.Type == "mailrelay" {
		d.checkAddress(at)
	}
	return d.withUsual(at, a)
}

func (d *decoder) checkAddress(at string) {
	host, base := d.given(at+".host"), d.given(at+".base_url")
	if !host && !base {
		d.require(at, "host", "acme")
	}
	if host && base {
		d.report(at+".base_url", "stands beside host: keep one of the two")
	}
}

func (d *decoder) withUsual(at string, a Account) Account {
	usual, ok := usual[a.Type]
	if !ok {
		return a
	}
	orElse(d, at+".rate.per_second", &a.Rate.PerSecond, usual.Rate.PerSecond)
	orElse(d, at+".rate.in_flight", &a.Rate.InFlight, usual.Rate.InFlight)
	orElse(d, at+".timeout", &a.Timeout, usual.Timeout)
	orElse(d, at+".page_size", &a.PageSize, usual.PageSize)
	return a
}

// orElse puts a value in the place of a setting that is not in the file.
func orElse[T any](d *decoder, at string, into *T, value T) {
	if !d.given(at) {
		*into = value
	}
}
