package mysql_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/mysql"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is one private database: as whmcsync sees it, and as its administrator does.
type bundle struct {
	*mysql.DB
	dsn      string
	admin    *sql.DB
	features whmcs.Features
}

type loader func(ctx context.Context, dsn string) error

func setup(t *testing.T, load loader) *bundle {
	t.Helper()
	dsn := testkit.MySQL(t)
	if err := load(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	var err error
	b := &bundle{DB: connect(t, dsn), dsn: dsn, admin: administrator(t, dsn)}
	if b.features, err = b.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// administrator connects past whmcsync, in UTC whatever the server's zone.
func administrator(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	settings, err := driver.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	settings.Params = map[string]string{"time_zone": "'+00:00'"}
	admin, err := sql.Open("mysql", settings.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Close() })
	return admin
}

func madrid(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func connect(t testing.TB, dsn string) *mysql.DB {
	t.Helper()
	db, err := mysql.Open(t.Context(), mysql.Config{Name: "main", DSN: dsn, Timezone: madrid(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func (b *bundle) exec(t testing.TB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := b.admin.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// value reads one value as text.
func (b *bundle) value(t testing.TB, query string) string {
	t.Helper()
	var value sql.NullString
	if err := b.admin.QueryRowContext(t.Context(), query).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value.String
}

const secret = "pass-w0rd-of-the-user"

// as connects as a fresh user with these grants only; "TO" and the user's name are added.
func (b *bundle) as(t testing.TB, grants ...string) *mysql.DB {
	t.Helper()
	name := b.user(t)
	for _, grant := range grants {
		b.exec(t, "GRANT "+grant+" TO "+name)
	}
	return connect(t, b.dsnOf(t, name, secret))
}

// inRole connects as a fresh user whose rights all come from a role.
func (b *bundle) inRole(t testing.TB, role string) *mysql.DB {
	t.Helper()
	name := b.user(t)
	b.exec(t, "GRANT "+role+" TO "+name, "SET DEFAULT ROLE "+role+" FOR "+name)
	return connect(t, b.dsnOf(t, name, secret))
}

func (b *bundle) user(t testing.TB) string {
	t.Helper()
	name := "ws_" + strings.ToLower(rand.Text()[:10])
	b.exec(t, "CREATE USER "+name+" IDENTIFIED BY '"+secret+"'")
	t.Cleanup(func() { b.exec(t, "DROP USER "+name) })
	return name
}

func (b *bundle) dsnOf(t testing.TB, name, password string) string {
	t.Helper()
	settings, err := driver.ParseDSN(b.dsn)
	if err != nil {
		t.Fatal(err)
	}
	settings.User, settings.Passwd = name, password
	return settings.FormatDSN()
}

// wantFault checks the class, and that the text holds the words given and no password.
func wantFault(t testing.TB, err error, class fault.Class, words ...string) {
	t.Helper()
	if !fault.Is(err, class) {
		t.Fatalf("got %v, want class %s", err, class)
	}
	if !strings.HasPrefix(err.Error(), "main: ") {
		t.Errorf("%q does not begin with the source", err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("%q gives the password away", err)
	}
}
