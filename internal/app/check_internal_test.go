package app

import (
	"crypto/rand"
	"database/sql"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/mail"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

func TestAClockIsJudgedByHowFarItIsAway(t *testing.T) {
	t.Parallel()
	ours := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for skew, want := range map[time.Duration]Result{
		0: ResultOK, 4 * time.Second: ResultOK, -4 * time.Second: ResultOK,
		6 * time.Second: ResultWarning, -6 * time.Second: ResultWarning, 5 * time.Minute: ResultWarning,
		6 * time.Minute: ResultFailed, -2 * time.Hour: ResultFailed,
	} {
		got := Result("")
		for _, f := range (subject{"source", "main"}).clock("the database", ours.Add(skew), ours) {
			got = f.Result
			if (f.Hint == "") != (want == ResultOK) || strings.Contains(f.Detail, "-") {
				t.Errorf("%s: %+v", skew, f)
			}
		}
		if got != want {
			t.Errorf("%s is %q, want %q", skew, got, want)
		}
	}
}

func TestAHintNamesLinesThatTheAccountHas(t *testing.T) {
	t.Parallel()
	mailrelay, own := config.Account{Host: "acme", APIKey: config.NewSecret("k")}, config.Account{APIKey: config.NewSecret("k")}
	moved, signedIn := config.Account{BaseURL: "https://api.example.com"}, config.Account{Password: config.NewSecret("p")}
	for name, tc := range map[string]struct {
		account config.Account
		class   fault.Class
		want    string
	}{
		"a key":                      {own, fault.Auth, "look at accounts.a.api_key"},
		"a password":                 {signedIn, fault.Auth, "look at accounts.a.password"},
		"an address of its own":      {moved, fault.Protocol, "look at accounts.a.base_url: does the API live there?"},
		"a host":                     {mailrelay, fault.Transient, "is accounts.a.host right, and can this machine reach it?"},
		"the vendor's, out of reach": {own, fault.Transient, "can this machine reach the API?"},
		"the vendor's, in disorder":  {own, fault.Protocol, ""},
	} {
		if got := accountHint("a", tc.account, &fault.Error{Class: tc.class}); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestACertificateThatIsNotTrustedHasItsOwnWayOut(t *testing.T) {
	t.Parallel()
	server := testkit.SMTPProcess(t, testkit.MailServer{StartTLS: true})
	sender := mail.New(mail.Config{Host: server.Host, Port: server.Port, From: "sync@example.com", TLS: mail.StartTLS})
	err := sender.Check(t.Context())
	found := subject{}.broken(mailHint(err), err)
	if !strings.Contains(found.Hint, "SSL_CERT_FILE") || !strings.Contains(found.Detail, "certificate") || strings.Contains(found.Detail, "SSL_CERT_FILE") {
		t.Errorf("%+v", found)
	}
}

// The words of the probe are split into what is missing and the way out: this holds that they are still those words.
func TestEveryAbsentPowerHasItsWords(t *testing.T) {
	t.Parallel()
	src := &source{name: "main", config: config.Source{DSN: config.NewSecret(poorUser(t))}}
	defer src.close()
	_, features, err := src.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range powersOf(features) {
		detail, hint := missingWords(features, p)
		if p.there || strings.HasSuffix(detail, "are missing") {
			t.Errorf("%s: there %v, %q", p.words, p.there, detail)
		}
		if !strings.Contains(hint, "GRANT ") && !strings.Contains(detail, "does not exist") {
			t.Errorf("%s: no way out in %q, %q", p.words, detail, hint)
		}
	}
}

// poorUser makes an old WHMCS database and a user who may read the least there is.
func poorUser(t *testing.T) string {
	t.Helper()
	dsn := testkit.MySQL(t)
	if err := fixture.LoadOld(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	settings, err := driver.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	user := "ws_" + strings.ToLower(rand.Text()[:10])
	t.Cleanup(func() {
		if _, err := db.Exec("DROP USER " + user); err != nil {
			t.Error(err)
		}
		db.Close()
	})
	for _, statement := range []string{
		"CREATE USER " + user + " IDENTIFIED BY 'pw'",
		"GRANT SELECT ON `" + settings.DBName + "`.tblclients TO " + user,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	settings.User, settings.Passwd = user, "pw"
	return settings.FormatDSN()
}
