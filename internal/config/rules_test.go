package config_test

import (
	"fmt"
	"strings"
	"testing"
)

const hash = "$2y$10$abcdefghijklmnopqrstuuJ8F2zRrQJ4cR3mYwR1uPpF9m0sXb9nW"

// setting is one line of a file: where it stands, what it is, and a part of the message when it is refused ("" = fine).
type setting struct{ at, value, want string }

var settings = []setting{
	{"postgres.url", "embedded", ""},
	{"postgres.url", "postgres://u:p@db/whmcsync?sslmode=disable", ""},
	{"postgres.url", "postgresql://db:5432/x", ""},
	{"postgres.url", "mysql://db/x", "postgres://... or postgresql://..."},
	{"postgres.url", "postgres:///nohost", "must be embedded or a URL"},
	{"postgres.url", "'postgres://u:p%zz@db/x'", "percent-encode"},
	{"postgres.url", "postgres://u:p@db:99999/x", "a port that is none of 1 to 65535"},
	{"postgres.url", "'postgres://u:p@a:5432,b:0/x'", "a port that is none of 1 to 65535"},
	{"redis.url", "rediss://:pw@cache:6380/1", ""},
	{"redis.url", "redis://:99999/abc", "a host is missing"},
	{"redis.url", "redis://cache:99999", "a port is none of 1 to 65535"},
	{"redis.url", "redis://cache:6379/abc", "a database number"},
	{"redis.url", "'redis-sentinel://a:26379'", "needs ?master=NAME"},
	{"redis.url", "'redis-sentinel://a:26379,b:26379/0?master=main'", ""},
	{"redis.url", "redis-cluster://a:6379", ""},
	{"redis.url", "cache:6379", "must be embedded or a URL"},
	{"http.listen", "'[::1]:8080'", ""},
	{"http.listen", "localhost:0", ""},
	{"http.listen", "'8080'", "must be host:port"},
	{"http.listen", "127.0.0.1:http", "must be host:port"},
	{"http.listen", "0.0.0.0:8080", "nobody may sign in"},
	{"http.metrics_listen", "127.0.0.1:8080", "is the same as http.listen"},
	{"http.metrics_listen", "':9090'", ""},
	{"http.public_url", "https://sync.example.com", ""},
	{"http.public_url", "sync.example.com", "https:// or http://"},
	{"http.users", "[{name: ops, password: secret12, role: operator}]", ""},
	{"http.users", "[{name: ops, password: '" + hash + "'}]", ""},
	{"http.users", "[{name: ops, password: '" + hash[:50] + "'}]", "not a whole one"},
	{"http.users", "[{name: ops, password: short12}]", "too short"},
	{"http.users", "[{name: 'a:b', password: long enough}]", "without a colon"},
	{"http.users", "[{name: a, password: long enough}, {name: a, password: long enough}]", "is there twice"},
	{"http.users", "[{name: a, password: long enough, role: admin}]", "must be viewer or operator"},
	{"http.tokens", "[{name: prometheus, value: 0123456789abcdef}]", ""},
	{"http.tokens", "[{name: prometheus, value: abc}]", "too short"},
	{"http.tokens", "[{value: 0123456789abcdef}]", "http.tokens.1.name: is missing"},
	{"retain.changes", "90d", ""},
	{"retain.changes", "1d12h", ""},
	{"retain.changes", "1m", "must be between 1h and 36500d"},
	{"retain.batches", "14 days", "must be a length of time"},
	{"alerts.webhook", "http://alerts.internal/x", ""},
	{"alerts.webhook", "ftp://x", "https:// or http://"},
	{"mail", "{host: smtp.example.com, from: whmcsync@example.com}", ""},
	{"mail", "{host: smtp.example.com, from: 'whmcsync <a@example.com>', username: u, password: p, tls: tls, port: 465}", ""},
	{"mail", "{host: smtp.example.com}", "mail.from: is missing"},
	{"mail", "{host: h, from: a@example.com, username: u}", "mail.password: is missing"},
	{"mail", "{host: h, from: a@example.com, password: p}", "mail.username: is missing"},
	{"mail", "{host: h, from: nobody}", "not an e-mail address"},
	{"mail", "{host: h, from: a@example.com, tls: ssl}", "must be starttls, tls or none"},
	{"sources.main.dsn", "'u:p@ss/w:rd@tcp(db:3306)/whmcs?charset=utf8mb4'", ""},
	{"sources.main.dsn", "'u@unix(/run/mysqld/mysqld.sock)/whmcs'", ""},
	{"sources.main.dsn", "'u:p@tcp(db:3306)/'", "not the address of a MySQL database"},
	{"sources.main.dsn", "mysql://u:p@db/whmcs", "not the address of a MySQL database"},
	{"sources.main.timezone", "America/New_York", ""},
	{"sources.main.timezone", "Local", "is not a time zone"},
	{"sources.main.hook_secret", "short", "too short"},
	{"sources.events", "{dsn: 'u:p@tcp(db)/w'}", "whmcsync uses itself"},
	{"accounts.reports", "{type: mailrelay, host: a, api_key: k}", "whmcsync uses itself"},
	{"accounts.mail", "{type: mailrelay, host: a, api_key: k}", "whmcsync uses itself"},
	{"syncs.Weekly News", "{type: clients, source: main, account: news}", "is not a good name"},
	{"accounts.news.host", "acme.ipzmarketing.com", "leave .ipzmarketing.com away"},
	{"accounts.news.host", "https://acme", "the first part of the address"},
	{"accounts.news.base_url", "https://acme.ipzmarketing.com/api/v1", "stands beside host"},
	{"accounts.news.api_key", "''", "is empty"},
	{"accounts.news.api_key", "'two words'", "has a blank"},
	{"accounts.news.type", "mailchimp", "must be mailrelay"},
	{"accounts.news.rate.per_second", "0.5", ""},
	{"accounts.news.rate.per_second", "0", "must be between 0.01 and 1000"},
	{"accounts.news.rate.per_second", ".nan", "must be a number"},
	{"accounts.news.rate.in_flight", "0", "must be between 1 and 256"},
	{"accounts.news.timeout", "30", "must be a length of time"},
	{"accounts.news.page_size", "100000", "must be between 1 and 10000"},
	{"accounts.news.api_batches", "yes", "must be true or false"},
	{"syncs.newsletter.source", "other", "there is no such source: use main"},
	{"syncs.newsletter.account", "newz", "there is no such account: did you mean news?"},
	{"syncs.newsletter.schedule", "30 3 * * 1-5", ""},
	{"syncs.newsletter.schedule", "'@every 24h'", ""},
	{"syncs.newsletter.schedule", "'@daily'", ""},
	{"syncs.newsletter.schedule", "''", ""},
	{"syncs.newsletter.schedule", "0 30 3 * * 1-5", "five cron fields"},
	{"syncs.newsletter.schedule", "'@every -1h'", "at least one second"},
	{"syncs.newsletter.schedule", "'@reboot'", "five cron fields"},
	{"syncs.newsletter.schedule", "0 0 31 2 *", "never comes"},
	{"syncs.newsletter.schedule", "TZ=UTC", "use the key timezone"},
	{"syncs.newsletter.mode", "notfy", "did you mean notify?"},
	{"syncs.newsletter.batch_size", "5001", "must be between 1 and 5000, got 5001"},
	{"syncs.newsletter.poll", "0", ""},
	{"syncs.newsletter.poll", "1s", "(or 0 for never)"},
	{"syncs.newsletter.full_every", "0s", "must be between 1m and 365d"},
	{"syncs.newsletter.full_every", "-2h", "must be between 1m and 365d"},
	{"syncs.newsletter.guard.percent", "101", "must be between 0 and 100"},
	{"syncs.newsletter.statuses", "[Active, Closed]", ""},
	{"syncs.newsletter.statuses", "[active]", "did you mean Active?"},
	{"syncs.newsletter.statuses", "[]", "is empty"},
	{"syncs.newsletter.consent", "none", "must be opt_in, not_opted_out or all"},
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, tc := range settings {
		t.Run(tc.at+" "+tc.value, func(t *testing.T) {
			t.Parallel()
			_, err := parse(t, with(tc.at, tc.value))
			checkMessage(t, err, tc.want)
			if err != nil && !strings.Contains(err.Error(), ": "+strings.Split(tc.at, ".")[0]) {
				t.Errorf("the message does not name the setting: %v", err)
			}
		})
	}
}

func checkMessage(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && err == nil:
		t.Errorf("accepted, want %q", want)
	case want != "" && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")):
		t.Errorf("got %v, want one line with %q", err, want)
	}
}

// whole is a file with one of each named section.
var whole = map[string]string{
	"sources.main.dsn":            "'u:p@tcp(db:3306)/whmcs'",
	"accounts.news.type":          "mailrelay",
	"accounts.news.host":          "acme",
	"accounts.news.api_key":       "key",
	"syncs.newsletter.type":       "clients",
	"syncs.newsletter.source":     "main",
	"syncs.newsletter.account":    "news",
	"syncs.newsletter.groups":     "[1]",
	"syncs.newsletter.statuses":   "[Active]",
	"syncs.newsletter.mode":       "apply",
	"syncs.newsletter.full_every": "24h",
}

// with is the whole file with one setting added or replaced.
func with(at, value string) string {
	tree := map[string]any{}
	for path, value := range whole {
		plant(tree, strings.Split(path, "."), value)
	}
	plant(tree, strings.Split(at, "."), value)
	return flow(tree)
}

func plant(tree map[string]any, path []string, value string) {
	if len(path) == 1 {
		tree[path[0]] = value
		return
	}
	if _, ok := tree[path[0]].(map[string]any); !ok {
		tree[path[0]] = map[string]any{}
	}
	plant(tree[path[0]].(map[string]any), path[1:], value)
}

func flow(node any) string {
	tree, ok := node.(map[string]any)
	if !ok {
		return fmt.Sprint(node)
	}
	var parts []string
	for name, below := range tree {
		parts = append(parts, fmt.Sprintf("%q: %s", name, flow(below)))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
