package config_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/config"
)

// accountFile is a file with one account that nobody uses.
func accountFile(account string) string { return "accounts: {a: " + account + "}" }

func TestAccountsNeedWhatTheirTypeNeeds(t *testing.T) {
	t.Parallel()
	for account, want := range map[string]string{
		"{type: mailrelay, host: acme, api_key: k}":                            "",
		"{type: mailrelay, host: acme}":                                        "accounts.a.api_key: is missing: write e.g. api_key: ${MAILRELAY_KEY}",
		"{type: mailrelay, api_key: k}":                                        "accounts.a.host: is missing: write e.g. host: acme",
		"{type: openprovider, username: acme, password: 'two words, señor'}":   "",
		"{type: openprovider, username: acme}":                                 "accounts.a.password: is missing: write e.g. password: ${OPENPROVIDER_PASSWORD}",
		"{type: openprovider, password: p}":                                    "accounts.a.username: is missing",
		"{type: openprovider, username: ' ', password: p}":                     "accounts.a.username: must not be empty",
		"{type: openprovider, username: acme, password: p, api_key: k}":        "accounts.a.api_key: is for accounts of type mailrelay, logicboxes, opensrs, namecheap or realtimeregister: take the line away",
		"{type: openprovider, username: acme, password: p, host: acme}":        "accounts.a.host: is for accounts of type mailrelay: take the line away",
		"{type: logicboxes, username: '123456', api_key: k}":                   "",
		"{type: logicboxes, username: 123456, api_key: k}":                     "must be text, got a number: put it in quotes",
		"{type: logicboxes, username: '1', api_key: k, sub_resellers: true}":   "",
		"{type: logicboxes, api_key: k}":                                       `accounts.a.username: is missing: write e.g. username: "123456"`,
		"{type: opensrs, username: acme, api_key: k, sub_resellers: true}":     "is for accounts of type logicboxes",
		"{type: opensrs, username: acme}":                                      "accounts.a.api_key: is missing: write e.g. api_key: ${OPENSRS_KEY}",
		"{type: namecheap, username: acme, api_key: k, client_ip: 192.0.2.10}": "",
		"{type: namecheap, username: acme, api_key: k}":                        "accounts.a.client_ip: is missing: write e.g. client_ip: 192.0.2.10",
		"{type: namecheap, username: acme, api_key: k, client_ip: '::1'}":      "is not an IPv4 address",
		"{type: rdap}": "",
		"{type: rdap, bootstrap: https://data.iana.org/rdap/dns.json}":     "",
		"{type: rdap, bootstrap: ''}":                                      "accounts.a.bootstrap: must not be empty",
		"{type: rdap, username: acme}":                                     "accounts.a.username: is for accounts of type openprovider, logicboxes, opensrs or namecheap",
		"{type: mailrelay, host: acme, api_key: k, client_ip: 192.0.2.10}": "is for accounts of type namecheap",
		"{type: opnprovider}":                                              "did you mean openprovider?",
		"{username: acme}":                                                 "accounts.a.type: is missing",
	} {
		_, err := parse(t, accountFile(account))
		if checkMessage(t, err, want); t.Failed() {
			t.Fatalf("with %s", account)
		}
	}
}

// calls are the settings of an account that have a default for each type.
type calls struct {
	PerSecond float64
	InFlight  int
	Timeout   time.Duration
	PageSize  int
}

func callsOf(a config.Account) calls {
	return calls{a.Rate.PerSecond, a.Rate.InFlight, a.Timeout, a.PageSize}
}

func TestAccountsTakeWhatTheirAPIStands(t *testing.T) {
	t.Parallel()
	const key = "username: acme, api_key: k"
	for account, want := range map[string]calls{
		"{type: mailrelay, host: a, api_key: k}":               {4, 4, 30 * time.Second, 1000},
		"{type: openprovider, username: a, password: p}":       {4, 4, time.Minute, 0},
		"{type: logicboxes, " + key + "}":                      {1, 2, 30 * time.Second, 0},
		"{type: opensrs, " + key + "}":                         {2, 4, 2 * time.Minute, 0},
		"{type: namecheap, client_ip: 192.0.2.1, " + key + "}": {0.19, 2, 30 * time.Second, 0},
		"{type: rdap}": {1, 2, 30 * time.Second, 0},
		"{type: opensrs, page_size: 40, timeout: 9s, rate: {per_second: 0.5}, " + key + "}": {0.5, 4, 9 * time.Second, 40},
		"{type: rdap, rate: {in_flight: 9}}":                                                {1, 9, 30 * time.Second, 0},
	} {
		if diff := cmp.Diff(want, callsOf(mustParse(t, accountFile(account)).Accounts["a"])); diff != "" {
			t.Errorf("%s (-want +got)\n%s", account, diff)
		}
	}
}
