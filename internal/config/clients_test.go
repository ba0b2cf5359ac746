package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/config"
)

func TestGroupsTakeIdsAndRules(t *testing.T) {
	t.Parallel()
	cfg := mustParse(t, with("syncs.newsletter.groups", `[1, {id: 3, when: {product: [12, 14], client_group: 0, status: Active}},
		{id: 4, when: {country: [es, PT], language: Portuguese-BR}}, {id: 5}]`))
	want := []config.GroupRule{
		{ID: 1},
		{ID: 3, When: config.When{Product: []int64{12, 14}, ClientGroup: []int64{0}, Status: []string{"Active"}}},
		{ID: 4, When: config.When{Country: []string{"ES", "PT"}, Language: []string{"portuguese-br"}}},
		{ID: 5},
	}
	if diff := cmp.Diff(want, cfg.Syncs["newsletter"].Clients.Groups); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestBrokenGroupsAreRefused(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"[one]":                               `groups.1: must be a whole number, got "one"`,
		"[0]":                                 "must be between 1 and",
		"[{when: {product: 1}}]":              "groups.1: needs the id of a group",
		"[{id: 3, when: {}, also: 1}]":        "groups.1.also: unknown key: use id or when",
		"[{id: 3, when: {produkt: 1}}]":       "did you mean product?",
		"[{id: 3, when: {product: []}}]":      "when.product: is empty",
		"[{id: 3, when: {country: Spain}}]":   "must be a country code of two letters",
		"[{id: 3, when: {status: [Open]}}]":   "must be Active, Inactive or Closed",
		"[{id: 3, when: {client_group: -1}}]": "must be between 0 and",
		"[{id: 3, when: {language: ' '}}]":    "the WHMCS name of a language",
		"{id: 3}":                             "must be a list, got a section",
	} {
		_, err := parse(t, with("syncs.newsletter.groups", value))
		checkMessage(t, err, want)
	}
}

func TestFieldsReplaceTheDefault(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]config.FieldRule{
		"{}": nil,
		"{name: companyname, 'custom:13': tax_id, city: 'custom_field:7'}": {
			{To: "name", From: "companyname"}, {ToField: "13", From: "tax_id"}, {To: "city", FromField: 7},
		},
	} {
		cfg := mustParse(t, with("syncs.newsletter.fields", value))
		if diff := cmp.Diff(want, cfg.Syncs["newsletter"].Clients.Fields); diff != "" {
			t.Errorf("%s (-want +got)\n%s", value, diff)
		}
	}
}

func TestBrokenFieldsAreRefused(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"{nme: full_name}":          "fields.nme: is not a field of the mailing list: did you mean name?",
		"{email: email}":            "is not a field of the mailing list: use name, locale",
		"{name: password}":          `is not a client column that may be sent, got "password"`,
		"{'custom:x': city}":        "write e.g. custom:13",
		"{city: 'custom_field:-1'}": "write e.g. custom_field:7",
		"{city: 5}":                 "put it in quotes",
		"[name]":                    "must be a section",
	} {
		_, err := parse(t, with("syncs.newsletter.fields", value))
		checkMessage(t, err, want)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	two := `
sources: {main: {dsn: "u:p@tcp(db:3306)/whmcs"}}
accounts: {news: {type: mailrelay, host: acme, api_key: k}}
mail: {host: smtp.example.com, from: a@example.com}
syncs:
  a: {type: clients, source: main, account: news, groups: [1, 1, 2]}
  b: {type: clients, source: main, account: news, groups: [2], replace_groups: true, consent: all}
  c: {type: clients, source: main, account: news}
`
	for _, tc := range []struct {
		name, yaml string
		want       []string
	}{
		{"a plain file has none", minimal, nil},
		{"no sync", "", []string{"syncs: none is configured, so nothing will run"}},
		{"what deserves a second look", two, []string{
			"mail: no sync has report.to or report.admins, so nothing is mailed",
			"syncs.b.consent: all mails people who never agreed or who opted out in WHMCS; make sure that the law lets you",
			"syncs.b.replace_groups: true also takes people out of groups that were given by hand or by another program",
			"syncs.c.groups: none is given, so clients are subscribed but are in no group",
			"syncs.b.groups: group 2 of account news is also given by a; one may take out whom the other put in",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, config.Warnings(mustParse(t, tc.yaml))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
