package config_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// registrars is a file with accounts at registrars, before its syncs.
const registrars = `
sources: {main: {dsn: "u:p@tcp(db:3306)/whmcs", timezone: Europe/Madrid}}
accounts:
  news: {type: mailrelay, host: acme, api_key: k}
  op: {type: openprovider, username: acme, password: p}
  registries: {type: rdap}
syncs:
`

// duty is a file with one sync of a type, with more settings or others.
func duty(kind string, settings ...string) string {
	lines := map[string]string{"type": kind, "source": "main", "account": "op", "registrar": "openprovider"}
	if kind == "clients" {
		lines = map[string]string{"type": kind, "source": "main", "account": "news"}
	}
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, ": ")
		lines[name] = value
	}
	text := registrars + "  a:\n"
	for name, value := range lines {
		if value != "" {
			text += "    " + name + ": " + value + "\n"
		}
	}
	return text
}

func TestDomainsAndTransfersGetTheDefaults(t *testing.T) {
	t.Parallel()
	file := mustParse(t, duty("domains"))
	want := config.Sync{
		Type: "domains", Source: "main", Account: "op", Timezone: file.Sources["main"].Timezone, Mode: "apply",
		BatchSize: 50, Window: 200, Attempts: 8, FullEvery: 24 * time.Hour, Poll: 5 * time.Minute,
		Guard:    config.Guard{Min: 5, Percent: 1, ListingShrink: 20},
		Statuses: []string{"Active", "Pending Registration", "Pending Transfer", "Grace", "Redemption", "Expired"},
		Domains: config.Domains{
			Registrar: "openprovider", Leads: config.Leads{Status: "registrar", Expiry: "registrar", AutoRenew: "whmcs", IDProtection: "whmcs"},
			ExpiryDate: "paid", Revive: true, ActivityLog: true,
			DueDate: config.DueDate{Mode: "whmcs", MaxDifference: 100},
			Gone:    config.Gone{Policy: "report", Looks: 2, Apart: 4 * time.Hour},
			Failed:  "report", PendingAlert: 7 * 24 * time.Hour,
		},
	}
	if diff := cmp.Diff(want, file.Syncs["a"], comparer); diff != "" {
		t.Errorf("domains (-want +got)\n%s", diff)
	}
	want.Type, want.Statuses, want.Schedule = "transfers", []string{"Pending Transfer"}, "@every 10m"
	if diff := cmp.Diff(want, mustParse(t, duty("transfers")).Syncs["a"], comparer); diff != "" {
		t.Errorf("transfers (-want +got)\n%s", diff)
	}
}

func TestEverySettingOfDomainsArrives(t *testing.T) {
	t.Parallel()
	sync := mustParse(t, duty("domains", "batch_size: 20", "statuses: [Active, Fraud]", "leads: {status: nobody, auto_renew: registrar}",
		"expiry_date: registry", "revive: false", "status_map: {REQ: Pending Registration, 'on hold': Active}",
		"due_date: {mode: always, days: 14, max_difference: 60, invoice_items: true}", "gone: {policy: mark, looks: 3, apart: 12h}",
		"exclude: {domains: example.com, tlds: [co.uk, es], clients: [12], product_groups: 3}", "allow_two_writers: true",
		"activity_log: false", "freshness: 12h", "witness: registries")).Syncs["a"]
	want := config.Domains{
		Registrar: "openprovider", Leads: config.Leads{Status: "nobody", Expiry: "registrar", AutoRenew: "registrar", IDProtection: "whmcs"},
		ExpiryDate: "registry", StatusMap: map[string]whmcs.DomainStatus{"REQ": whmcs.DomainPendingRegistration, "on hold": whmcs.DomainActive},
		DueDate:         config.DueDate{Mode: "always", Days: 14, MaxDifference: 60, InvoiceItems: true},
		Gone:            config.Gone{Policy: "mark", Looks: 3, Apart: 12 * time.Hour},
		Exclude:         config.Exclude{Domains: []string{"example.com"}, TLDs: []string{"co.uk", "es"}, Clients: []int64{12}, ProductGroups: []int64{3}},
		AllowTwoWriters: true, Freshness: 12 * time.Hour, Witness: "registries", Failed: "report", PendingAlert: 7 * 24 * time.Hour,
	}
	if diff := cmp.Diff(want, sync.Domains); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Active", "Fraud"}, sync.Statuses); diff != "" || sync.BatchSize != 20 {
		t.Errorf("batch_size %d, statuses %s", sync.BatchSize, diff)
	}
}

func TestSettingsOfDomainsAndTransfers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ kind, setting, want string }{
		{"domains", "registrar: ", "syncs.a.registrar: is missing: write e.g. registrar: openprovider"},
		{"transfers", "registrar: ", "syncs.a.registrar: is missing"},
		{"domains", "account: news", "syncs.a.account: is an account of type mailrelay, which is for syncs of type clients: name another"},
		{"clients", "account: op", "is an account of type openprovider, which is for syncs of type domains or transfers: name another"},
		{"domains", "account: registries", ""},
		{"transfers", "account: registries", "is an account of type rdap, which is for syncs of type domains: name another"},
		{"domains", "account: opp", "there is no such account: did you mean op?"},
		{"domains", "type: domain", "must be clients, domains or transfers"},

		{"domains", "statuses: Pending Transfer", ""},
		{"domains", "statuses: [Active, Transferred Awai]", "syncs.a.statuses.2: must be Pending, Pending Registration, Pending Transfer, Active, Grace, Redemption, Expired, Cancelled, Fraud or Transferred Away: did you mean Transferred Away?"},
		{"domains", "statuses: expired", "syncs.a.statuses: must be Pending"},
		{"domains", "statuses: Inactive", "Transferred Away: did you mean Active?"},
		{"domains", "statuses: []", "is empty"},
		{"transfers", "statuses: [Pending Transfer]", ""},
		{"transfers", "statuses: [Active]", "syncs.a.statuses.1: must be Pending Transfer"},
		{"clients", "statuses: [Closed, Expired]", "syncs.a.statuses.2: must be Active, Inactive or Closed"},
		{"domains", "status_map: {REQ: Registered}", "syncs.a.status_map.REQ: must be Pending, "},
		{"domains", "status_map: {ACT: active}", `got "active": did you mean Active?`},
		{"domains", "status_map: REQ", "must be a section"},

		{"domains", "witness: registries", ""},
		{"domains", "witness: op", "syncs.a.witness: must be an account of type rdap"},
		{"domains", "witness: registry", "syncs.a.witness: there is no such account"},

		{"domains", "consent: all", "syncs.a.consent: is for syncs of type clients: take the line away"},
		{"transfers", "groups: [1]", "syncs.a.groups: is for syncs of type clients"},
		{"domains", "full_every: 24h", "syncs.a.full_every: is for syncs of type clients"},
		{"clients", "registrar: openprovider", "syncs.a.registrar: is for syncs of type domains or transfers"},
		{"clients", "gone: {policy: mark}", "syncs.a.gone: is for syncs of type domains or transfers"},
		{"domains", "failed: cancelled", "syncs.a.failed: is for syncs of type transfers"},
		{"domains", "pending_alert: 3d", "syncs.a.pending_alert: is for syncs of type transfers"},
		{"domains", "renew_after_transfer: [nl]", "syncs.a.renew_after_transfer: is for syncs of type transfers"},
		{"transfers", "renew_after_transfer: [nl, co.uk]", ""},
		{"transfers", "renew_after_transfer: nl", ""},
		{"transfers", "renew_after_transfer: []", "is empty"},
		{"transfers", "failed: cancelled", ""},
		{"transfers", "gone: {policy: mark}", "syncs.a.gone: is for syncs of type domains: take"},
		{"transfers", "revive: false", "syncs.a.revive: is for syncs of type domains: take"},
		{"transfers", "witness: registries", "syncs.a.witness: is for syncs of type domains: take"},
		{"transfers", "due_date: {mode: never}", ""},

		{"domains", "leads: {status: whmcs}", "syncs.a.leads.status: must be registrar or nobody"},
		{"domains", "leads: {auto_renew: whmsc}", "did you mean whmcs?"},
		{"domains", "expiry_date: renewals", "did you mean renewal?"},
		{"domains", "due_date: {days: 14}", "syncs.a.due_date.days: goes with mode: always only"},
		{"domains", "due_date: {mode: never, days: 14}", "goes with mode: always only"},
		{"domains", "due_date: {mode: always, days: 400}", "must be between 0 and 366"},
		{"domains", "due_date: {max_difference: -1}", "must be between 0 and 3650"},
		{"domains", "gone: {policy: delete}", "must be report or mark"},
		{"domains", "gone: {looks: 1}", "syncs.a.gone.looks: must be between 2 and 100"},
		{"domains", "gone: {apart: 0}", "must be between 1m and 30d"},
		{"domains", "freshness: 0", ""},
		{"transfers", "pending_alert: 1h", "must be between 1d and 365d (or 0 for never)"},
		{"domains", "exclude: {clients: [0]}", "must be between 1 and"},
		{"domains", "exclude: {tlds: []}", "is empty"},
		{"domains", "exclude: {domains: ['']}", "is no domain name: write one like example.com"},
		{"domains", "exclude: {domains: [not a name]}", "is no domain name"},
		{"domains", "exclude: {tlds: ['*.uk']}", "is no extension: write one like co.uk"},
		{"domains", "exclude: {tlds: [co uk]}", "is no extension"},
		{"transfers", "renew_after_transfer: [n l]", "is no extension"},
		{"domains", "status_map: {'': Active}", "an empty word would mean every domain"},
		{"domains", "exclude: {registrars: [a]}", "unknown key: use domains, tlds, clients or product_groups"},

		{"domains", "report: {to: [ops@example.com]}", "syncs.a.report: needs a server to send it through: add the section mail"},
		{"clients", "report: {admins: true}", "syncs.a.report: needs a server"},
		{"clients", "report: {to: ops}", "syncs.a.report.to: is not an e-mail address"},
		{"transfers", "report: {empty: true}", ""},
	} {
		t.Run(tc.kind+" with "+tc.setting, func(t *testing.T) {
			t.Parallel()
			_, err := parse(t, duty(tc.kind, tc.setting))
			checkMessage(t, err, tc.want)
		})
	}
}

func TestOneRenewalHasOneBuyer(t *testing.T) {
	t.Parallel()
	buys := "renew_after_transfer: [nl]"
	other := func(more string) string {
		return "  b: {type: transfers, source: main, account: op, registrar: OpenProvider" + more + "}\n"
	}
	const wrong = "syncs.b.registrar: is that of a, too, and with renew_after_transfer both could buy the same renewal: leave one of the two"
	for _, tc := range []struct{ name, yaml, want string }{
		{"the first one buys", duty("transfers", buys) + other(""), wrong},
		{"the second one does", duty("transfers") + other(", "+buys), wrong},
		{"both do", duty("transfers", buys) + other(", "+buys), wrong},
		{"none does", duty("transfers") + other(""), ""},
		{"a domains sync beside it", duty("domains") + other(", "+buys), ""},
		{"another registrar", duty("transfers", buys) + strings.Replace(other(""), "OpenProvider", "enom", 1), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(t, tc.yaml)
			checkMessage(t, err, tc.want)
		})
	}
}

func TestOnlyTheOneAccountOfARegistrarMarksDomainsAsGone(t *testing.T) {
	t.Parallel()
	marks := "gone: {policy: mark}"
	beside := func(kind, more string) string {
		return "  b: {type: " + kind + ", source: main, registrar: OpenProvider, " + more + "}\n"
	}
	yaml := func(sync, other string) string {
		return strings.Replace(duty("domains", sync), "syncs:", "  op2: {type: openprovider, username: other, password: p}\nsyncs:", 1) + other
	}
	const wrong = "syncs.a.gone.policy: cannot be mark while b is about rows of the same registrar in another account"
	for _, tc := range []struct{ name, yaml, want string }{
		{"another account", yaml(marks, beside("domains", "account: op2")), wrong},
		{"whatever is left out", yaml(marks, beside("domains", "account: op2, exclude: {clients: [1]}")), wrong},
		{"of which the transfers are followed", yaml(marks, beside("transfers", "account: op2")), wrong},
		{"the other one marks", yaml("", beside("domains", "account: op2, "+marks)), "syncs.b.gone.policy: cannot be mark while a is about"},
		{"none marks", yaml("", beside("domains", "account: op2")), ""},
		{"the same account", yaml(marks, beside("transfers", "account: op")), ""},
		{"another registrar", yaml(marks, strings.Replace(beside("domains", "account: op2"), "OpenProvider", "enom", 1)), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(t, tc.yaml)
			checkMessage(t, err, tc.want)
		})
	}
}

func TestAStatusFromASecretIsNotShown(t *testing.T) {
	t.Parallel()
	env := environment(map[string]string{"STATUS": "s3cret"})
	for _, setting := range []string{`statuses: "${STATUS}"`, `status_map: {REQ: "${STATUS}"}`} {
		_, err := config.Parse("f", []byte(duty("domains", setting)), env, files(nil))
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", setting, err)
		}
	}
}

func TestTheWholeExampleOfARegistrarLoads(t *testing.T) {
	t.Parallel()
	cfg := parseSample(t, read(t, samplePath))
	domains, transfers := cfg.Syncs["op-domains"], cfg.Syncs["op-transfers"]
	got := []string{
		cfg.Accounts[domains.Account].Type, cfg.Accounts[transfers.Account].Type, cfg.Accounts[domains.Domains.Witness].Type,
		domains.Domains.Registrar, transfers.Domains.Registrar, domains.Mode, transfers.Mode,
	}
	want := []string{"openprovider", "openprovider", "rdap", "openprovider", "openprovider", "notify", "notify"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWarningsAboutDomains(t *testing.T) {
	t.Parallel()
	again := "  b: {type: domains, source: main, account: op, registrar: openprovider}\n"
	other := "  b: {type: transfers, source: main, account: op, registrar: openprovider}\n"
	for _, tc := range []struct {
		name, yaml string
		want       []string
	}{
		{"a plain domains sync has none", duty("domains"), nil},
		{"nor has one with its transfers beside it", duty("domains") + other, nil},
		{"what deserves a second look", duty("domains", "expiry_date: registry", "allow_two_writers: true", "due_date: {invoice_items: true}"), []string{
			"syncs.a.expiry_date: registry may run a year ahead", "syncs.a.allow_two_writers: true lets", "syncs.a.due_date.invoice_items: true changes",
		}},
		{"nobody's account", duty("domains", "account: registries"), []string{"syncs.a.account: rdap knows what is registered"}},
		{"words of Openprovider that would mean their opposite", duty("domains", "status_map: {ACT: Transferred Away, SCH: Cancelled, DEL: Active}"), []string{
			"syncs.a.status_map.ACT: Transferred Away ends every domain that is live", "syncs.a.status_map.DEL: Active shows domains as Active",
			"syncs.a.status_map.SCH: Cancelled ends domains whose order is still on its way",
		}},
		{"a live name that is taken for another", duty("domains", "status_map: {ACT: Pending}"), []string{"syncs.a.status_map.ACT: Pending takes every domain"}},
		{"words that may well be meant so", duty("domains", "status_map: {ACT: Active, DEL: Expired, FAI: Cancelled, REQ: Pending Registration, NEW: Cancelled}"), nil},
		{"two syncs of the same domains", duty("domains") + again, []string{"syncs.b.registrar: openprovider of main is also kept in step by a"}},
		{"in whatever case the registrar is written", duty("domains") + strings.Replace(again, "openprovider", `" OpenProvider"`, 1), []string{"syncs.b.registrar:  OpenProvider of main is also kept in step by a"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := config.Warnings(mustParse(t, tc.yaml))
			if !slices.EqualFunc(got, tc.want, strings.HasPrefix) {
				t.Errorf("got %q", got)
			}
		})
	}
}
