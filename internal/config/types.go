package config

import (
	"time"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Embedded is the URL that asks for a server of our own instead of one that is set up by hand.
const Embedded = "embedded"

// Config is the whole of whmcsync.yaml, defaults filled in and validated.
type Config struct {
	StateDir string // where embedded servers keep their data
	Log      Log
	Postgres Postgres
	Redis    Redis
	HTTP     HTTP
	Retain   Retain
	Alerts   Alerts
	Mail     Mail
	Sources  map[string]Source
	Accounts map[string]Account
	Syncs    map[string]Sync
}

// Log is how the program logs.
type Log struct {
	Level  string // debug | info | warn | error
	Format string // json | console; "" = console on a terminal, else json
}

// Postgres is where the state lives. URL is a secret (it may hold a password) or "embedded".
type Postgres struct {
	URL      Secret
	MaxConns int // connections per process
}

// Redis is where the queue lives. URL: redis, rediss, redis-sentinel, redis-cluster, or "embedded".
type Redis struct{ URL Secret }

// HTTP is the server for health, metrics, hooks and pages.
type HTTP struct {
	Listen        string // host:port
	MetricsListen string // host:port of its own for /metrics; "" = on Listen, behind sign-in or token
	PublicURL     string // how people reach us, for links; "" = none
	Users         []User
	Tokens        []Token
}

// User may sign in to the pages. Password is plain (from ${...}) or a bcrypt hash.
type User struct {
	Name     string
	Password Secret
	Role     string // viewer | operator
}

// Token may read /metrics and call the API with `Authorization: Bearer`.
type Token struct {
	Name  string
	Value Secret
}

// Retain is how long finished work is kept.
type Retain struct {
	Changes time.Duration // default 90 days
	Batches time.Duration // default 14 days
}

// Alerts is whom to tell when something needs a person.
type Alerts struct {
	Webhook Secret // URL that gets a JSON POST; "" = none
}

// Mail is the server that reports go through.
type Mail struct {
	Host     string // "" = no mail section
	Port     int
	From     string // an address
	Username string
	Password Secret
	TLS      string // starttls | tls | none
}

// Source is one WHMCS install.
type Source struct {
	DSN        Secret         // go-sql-driver/mysql form
	Timezone   *time.Location // of PHP and WHMCS
	HookSecret Secret         // "" = hooks are off
	API        API
}

// API is the external API of a WHMCS install. All but AccessKey is given, or nothing.
type API struct {
	URL        string // of includes/api.php; "" = not used
	Identifier Secret
	Secret     Secret
	AccessKey  Secret // "" = our address is on WHMCS's list
}

// Account is one set of credentials at one outside system.
type Account struct {
	Type       string // mailrelay | openprovider | logicboxes | opensrs | namecheap | realtimeregister | rdap
	Host       string // of a mailrelay account
	BaseURL    string // replaces all before a call's own path
	Username   string // of a registrar's account: user name, reseller id, API user
	Password   Secret
	APIKey     Secret
	ClientIP   string // namecheap: our address as the account allows it
	Bootstrap  string // rdap: embedded, a file, or an address to fetch the list of servers from
	Children   bool   // logicboxes: with the orders of sub-resellers
	Rate       Rate
	Timeout    time.Duration // of one call
	APIBatches bool          // write through api_batches (unsure, default off)
	PageSize   int           // asked for when listing
}

// Rate is an account's limit, shared by all workers.
type Rate struct {
	PerSecond float64
	InFlight  int
}

// Sync is a configured duty.
type Sync struct {
	Type          string // clients | domains | transfers
	Source        string
	Account       string
	Schedule      string // cron (5 fields) or @every; "" = only by hand
	Timezone      *time.Location
	Mode          string // apply | notify
	BatchSize     int
	BatchesPerRun int // 0 = whole pass
	Window        int // outstanding batches
	Attempts      int // of a batch before its unsettled records become failures
	CronKey       Secret
	FullEvery     time.Duration // how often a full listing is read and compared
	Poll          time.Duration // how often updated_at is looked at; 0 = never
	Guard         Guard
	Statuses      []string // of the records; each type has its own
	Report        Report
	Clients       Clients // when Type is clients
	Domains       Domains // when Type is domains or transfers
}

// Report is the mail about what a sync did.
type Report struct {
	To     []string // addresses
	Admins bool     // and the administrators of WHMCS who get its system mails
	Empty  bool     // also when there is nothing to tell
}

// Guard is the limit on destructive changes in one run: max(Min, Percent of the records).
type Guard struct {
	Min           int
	Percent       float64
	ListingShrink float64 // percent by which a listing may be smaller than the one before
}

// Clients is the policy of a clients sync.
type Clients struct {
	Consent       whmcs.Consent
	Groups        []GroupRule
	ReplaceGroups bool
	Fields        []FieldRule
	WriteBack     bool
}

// GroupRule gives a group to the clients for whom all of When holds; an empty When is everybody.
type GroupRule struct {
	ID   int64
	When When
}

// When is a set of conditions: every list that is not empty must hold the client's value (or one of its products).
type When struct {
	ClientGroup []int64
	Status      []string
	Product     []int64
	Country     []string // ISO 3166-1 alpha-2, upper case
	Language    []string // WHMCS name, lower case
}

// FieldRule fills one field of the mailing list from one of WHMCS. Exactly one of To and ToField, and exactly one of
// From and FromField, is set.
type FieldRule struct {
	To        string // a plain field of the list: name, locale, country, ...
	ToField   string // a custom field id of the list
	From      string // a tblclients column or full_name
	FromField int64  // a WHMCS custom field id
}
