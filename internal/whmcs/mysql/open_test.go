package mysql_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
	"github.com/whmcsync/whmcsync/internal/whmcs/mysql"
)

func TestNewRefusesADSNWithoutQuotingIt(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]string{
		"one without a database":         "user:" + secret + "@tcp(127.0.0.1:3306)/",
		"one without a slash":            "user:" + secret + "@tcp(127.0.0.1:3306)",
		"a password where the net goes":  "user@" + secret + "/whmcs",
		"an unknown network":             "user:x@" + secret + "(127.0.0.1)/whmcs",
		"a flag that is none":            "user:x@tcp(127.0.0.1)/whmcs?multiStatements=" + secret,
		"an escape that is none":         "user:x@tcp(127.0.0.1)/whmcs?loc=%zz" + secret,
		"a TLS configuration nobody has": "user:x@tcp(127.0.0.1)/whmcs?tls=" + secret,
		"nothing":                        "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := mysql.New(mysql.Config{Name: "main", DSN: dsn})
			wantFault(t, err, fault.Refused, "read the DSN")
		})
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()

	t.Run("a wrong password is a matter of credentials", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		dsn := b.dsnOf(t, b.user(t), secret+"-but-wrong")
		_, err := mysql.Open(t.Context(), mysql.Config{Name: "main", DSN: dsn})
		wantFault(t, err, fault.Auth, "connect", "GRANT SELECT (id, email, status, groupid, emailoptout) ON `")
	})

	t.Run("a database that does not exist is refused", func(t *testing.T) {
		t.Parallel()
		dsn := strings.Replace(testkit.MySQL(t), "/whmcsync_", "/no_such_", 1)
		_, err := mysql.Open(t.Context(), mysql.Config{Name: "main", DSN: dsn})
		wantFault(t, err, fault.Refused, "no_such_")
	})

	t.Run("nobody at the address may be a matter of time", func(t *testing.T) {
		t.Parallel()
		config := mysql.Config{Name: "main", DSN: "user:" + secret + "@tcp(" + deafAddress(t) + ")/whmcs"}
		_, err := mysql.Open(t.Context(), config)
		wantFault(t, err, fault.Transient, "connect")
		db, err := mysql.New(config)
		if err != nil {
			t.Fatalf("New connects already: %v", err)
		}
		defer db.Close()
		_, err = db.Count(t.Context())
		wantFault(t, err, fault.Transient, "count clients")
	})
}

// deafAddress is one that nobody listens at.
func deafAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestTheSessionIsOursWhateverTheDSNSays(t *testing.T) {
	t.Parallel()
	b := setup(t, fixture.Load)
	lax := b.dsn + "?parseTime=false&clientFoundRows=false&charset=latin1&sql_mode=%27%27&time_zone=%27-05:00%27&loc=America%2FLima"
	db := connect(t, strings.Replace(lax, "??", "?", 1))
	features, err := db.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.exec(t, "UPDATE tblclients SET updated_at = '2024-07-01 10:00:00', firstname = 'Łukasz' WHERE id = 1") // in UTC
	clients, err := db.ClientsByIDs(t.Context(), features, whmcs.Wish{Columns: []string{"datecreated", "updated_at"}}, []int64{1})
	want := map[string]string{
		"firstname": "Łukasz", "lastname": "O'Brien", "full_name": "Łukasz O'Brien", "datecreated": "2019-03-01", "updated_at": "2024-07-01 12:00:00",
	}
	if err != nil || len(clients) != 1 {
		t.Fatal(clients, err)
	}
	if diff := cmp.Diff(want, clients[0].Columns); diff != "" {
		t.Error(diff)
	}
	// An overlong line is cut in silence by a lax session.
	err = db.LogActivity(t.Context(), strings.Repeat("x", 70_000))
	wantFault(t, err, fault.Refused, "write to the activity log")
}

func TestACancelledContextEndsTheWait(t *testing.T) {
	t.Parallel()
	b := setup(t, fixture.Load)
	tx, err := b.admin.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), "UPDATE tblclients SET notes = 'held' WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, _, _, err = b.OptOut(ctx, b.features, 1)
	wantFault(t, err, fault.Transient, "opt-out of client 1")
	if waited := time.Since(start); waited > 5*time.Second {
		t.Errorf("it took %s to give up", waited)
	}
	if got := b.value(t, flagsOf1); got != "01" {
		t.Errorf("the flags are %s", got)
	}
}
