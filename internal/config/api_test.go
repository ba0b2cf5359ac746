package config_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/config"
)

const goodAPI = `{url: "https://billing.example.com/includes/api.php", identifier: id, secret: key, access_key: "open #1"}`

// withAPI is a file with one source that has an API, or "" for none, and a transfers sync with more settings.
func withAPI(api, settings string) string {
	if api != "" {
		api = ", api: " + api
	}
	return `
sources: {main: {dsn: "u:p@tcp(db:3306)/whmcs"` + api + `}}
accounts: {op: {type: openprovider, username: acme, password: p4ssword}}
syncs: {coming: {type: transfers, source: main, account: op, registrar: openprovider` + settings + `}}
`
}

func TestTheAPIOfASourceArrives(t *testing.T) {
	t.Parallel()
	file := mustParse(t, withAPI(goodAPI, ", client_mails: true"))
	want := config.API{
		URL: "https://billing.example.com/includes/api.php", Identifier: config.NewSecret("id"), Secret: config.NewSecret("key"),
		AccessKey: config.NewSecret("open #1"),
	}
	if diff := cmp.Diff(want, file.Sources["main"].API, comparer); diff != "" || !file.Syncs["coming"].Domains.ClientMails {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, secret := range []string{"id", "key", "open #1", "p4ssword"} {
		if !slices.Contains(config.Secrets(file), secret) {
			t.Errorf("%s is not kept out of the log", secret)
		}
	}
}

func TestTheAPIOfASourceIsWholeOrAbsent(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ api, settings, want string }{
		{goodAPI, "", ""},
		{"", "", ""},
		{"", ", client_mails: false", ""},
		{"", ", client_mails: true", "syncs.coming.client_mails: needs a way to have WHMCS send them: add sources.main.api"},
		{`{url: "https://b.example/api.php", identifier: id}`, "", "sources.main.api.secret: is missing: write e.g. secret: ${WHMCS_API_SECRET}"},
		{`{url: "https://b.example/api.php", secret: key}`, "", "sources.main.api.identifier: is missing: write e.g. identifier: ${WHMCS_API_IDENTIFIER}"},
		{`{identifier: id, secret: key}`, "", "sources.main.api.url: is missing: write e.g. url: https://billing.example.com/includes/api.php"},
		{`{url: billing.example.com, identifier: id, secret: key}`, "", "must be a URL that begins with https:// or http://: write e.g. https://billing.example.com/includes/api.php"},
		{`{url: "http://b.example/api.php", identifier: id, secret: key}`, "", "must begin with https://: plain http would show the API key to the network"},
		{`{url: "http://127.0.0.1:8080/api.php", identifier: id, secret: key}`, "", ""},
		{`{url: "https://b.example/api.php?secret=key", identifier: id, secret: key}`, "", "must be a plain URL"},
		{`{url: "https://b.example/api.php", identifier: id, secret: "two words"}`, "", "sources.main.api.secret: has a blank"},
	} {
		_, err := parse(t, withAPI(tc.api, tc.settings))
		if checkMessage(t, err, tc.want); t.Failed() {
			t.Fatalf("with %s %s", tc.api, tc.settings)
		}
	}
	_, err := parse(t, duty("domains", "client_mails: true"))
	checkMessage(t, err, "syncs.a.client_mails: is for syncs of type transfers: take the line away")
}
