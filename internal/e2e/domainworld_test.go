package e2e

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/simkit"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

const (
	domains   = "domains"   // the sync of the domains
	transfers = "transfers" // and the one of the transfers, where there is one
)

// office is a registrar's simulator.
type office interface {
	Start(listen string) error
	Close() error
	URL() string
	Counts() simkit.Counts
	ResetCounts()
	Violations() []simkit.Violation
	SetFaults(list ...simkit.Fault) error
}

// desk is one registrar as the tests use it.
type desk struct {
	office
	account  string // lines of the account: its type and credentials
	registry string // what tbldomains.registrar calls it
	changes  string // prefix of the calls that change something, as the simulator counts them
	lists    string // the call that lists
	// claims are what the account says of the names that it holds, in the oracle's words.
	claims func() map[string]claim
	// switched are how many settings of each name were written.
	switched func() map[string]int
}

// plot says in what an estate differs from the usual one.
type plot struct {
	shape
	domains   int    // rows of the registrar and of others; 0 = 1,000
	due       int    // days that the due date lies before the expiry date
	transfers string // lines of a transfers sync; "" = there is none
	accounts  string // more accounts
	alerts    string // where alerts are posted to; "" = nowhere
}

// estate is a world of domains: the rows of one WHMCS and an account at a registrar.
type estate struct {
	*world
	desk   desk
	rules  rules
	untold int64 // names of which the account's list tells too little: each pass looks them up
}

const (
	writable = "guard: {min: 5000}\npoll: 0s" // a sync whose guard lets all pass
	rushed   = "2000"                         // calls a second
)

// newEstate builds an estate in which nothing runs yet. The account is empty.
func newEstate(t *testing.T, at desk, p plot) *estate {
	t.Helper()
	p.domains = cmp.Or(p.domains, 1000)
	p.clients = min(p.domains, 601) // which room it is given; no more clients than three are made
	w := bareWorld(t, &p.shape)
	e := &estate{world: w, desk: at, rules: rules{
		registrar: at.registry, follow: true, days: p.due, transfers: p.transfers != "", today: civil.Of(time.Now().UTC()).String(),
	}}
	w.sync = domains
	e.load(p)
	if err := at.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { at.Close() })
	w.config = w.write("whmcsync.yaml", p.shape, e.configuration(p))
	return e
}

// load fills tbldomains, gives most rows to the registrar, and begins to keep the books.
func (e *estate) load(p plot) {
	e.t.Helper()
	options := fixture.DomainOptions{N: p.domains, Seed: cmp.Or(p.seed, 1), Today: civil.Must(e.rules.today)}
	if err := fixture.LoadDomains(e.t.Context(), e.dsn, options); err != nil {
		e.t.Fatal(err)
	}
	e.exec(`DELETE FROM tbldomains WHERE id = 4`) // one name with domain 8: which of the two counts changes as they age
	e.exec(`UPDATE tbldomains SET registrar = ? WHERE id % 40 <> 7`, e.rules.registrar)
	e.exec(`UPDATE tblconfiguration SET value = 'on' WHERE setting = 'DomainSyncNotifyOnly'`)
	e.exec(`UPDATE tblconfiguration SET value = ? WHERE setting = 'DomainSyncNextDueDateDays'`, p.due)
	e.keepBooks()
}

func (e *estate) configuration(p plot) string {
	text := fmt.Sprintf(`
accounts:
  registrar:
%s
    base_url: %s
    timeout: 2s
    rate: {per_second: %s, in_flight: 8}
%s
%s
syncs:
  domains:
    type: domains
    source: main
    account: registrar
    registrar: %s
%s
`, indent(4, e.desk.account), e.desk.URL(), cmp.Or(p.rate, rushed), indent(4, p.account), indent(2, p.accounts), e.desk.registry,
		indent(4, cmp.Or(p.sync, writable)))
	if p.transfers != "" {
		text += fmt.Sprintf("  transfers:\n    type: transfers\n    source: main\n    account: registrar\n    registrar: %s\n    schedule: \"\"\n%s\n",
			e.desk.registry, indent(4, p.transfers))
	}
	if p.alerts != "" {
		text += fmt.Sprintf("alerts: {webhook: %q}\n", p.alerts)
	}
	return text
}

// keepBooks has the database itself write down every value that changes in tbldomains, and who changed it: a connection
// that calls itself an editor, or the program.
func (e *estate) keepBooks() {
	e.t.Helper()
	e.exec(`CREATE TABLE books (n INT AUTO_INCREMENT PRIMARY KEY, id INT NOT NULL, editor VARCHAR(20) NOT NULL, field VARCHAR(20) NOT NULL,
		old VARCHAR(40) NOT NULL, new VARCHAR(40) NOT NULL, at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6))`)
	trigger := "CREATE TRIGGER bookkeeper AFTER UPDATE ON tbldomains FOR EACH ROW BEGIN\n"
	for column, field := range map[string]string{
		"status": "status", "expirydate": "expiry", "nextduedate": "next_due", "nextinvoicedate": "next_invoice",
		"donotrenew": "auto_renew", "idprotection": "id_protection",
	} {
		trigger += fmt.Sprintf(`IF NOT (OLD.%[1]s <=> NEW.%[1]s) THEN
			INSERT INTO books (id, editor, field, old, new) VALUES (NEW.id, COALESCE(@editor, ''), '%[2]s', COALESCE(OLD.%[1]s, ''), COALESCE(NEW.%[1]s, ''));
		END IF;`+"\n", column, field)
	}
	e.exec(trigger + "END")
}

// entries counts what the books say that the program has written.
func (e *estate) entries() (n int) {
	e.t.Helper()
	if err := e.whmcs.QueryRowContext(e.t.Context(), `SELECT count(*) FROM books WHERE editor = ''`).Scan(&n); err != nil {
		e.t.Fatal(err)
	}
	return n
}

// closeBooks forgets what was written so far, on both sides.
func (e *estate) closeBooks() {
	e.t.Helper()
	e.exec(`DELETE FROM books`)
	e.desk.ResetCounts()
}
