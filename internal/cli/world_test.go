package cli_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

const (
	apiKey   = "key-of-the-account"
	password = "pass-w0rd-of-the-user"
	wrong    = "wr0ng-passw0rd"
)

// world is everything outside of one script's program.
type world struct {
	postgres, redis, dsn string
	settings             *mysql.Config // of dsn
	db                   *sql.DB
	sim                  *sim.Server
	users                []string
}

// newWorld has 40 clients, of whom all agreed to mail and one has no valid address.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{postgres: testkit.Postgres(t), redis: testkit.Redis(t), dsn: testkit.MySQL(t), sim: sim.New(sim.Options{APIKey: apiKey})}
	if err := fixture.Load(t.Context(), w.dsn); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.settings, err = mysql.ParseDSN(w.dsn); err != nil {
		t.Fatal(err)
	}
	if w.db, err = sql.Open("mysql", w.dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.close(t) })
	if err := w.fill(t.Context(), 40); err != nil {
		t.Fatal(err)
	}
	if err := w.sim.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	return w
}

// fill puts n clients there, with ids from 1001 on.
func (w *world) fill(ctx context.Context, n int) error {
	if _, err := fixture.Clients(ctx, w.dsn, fixture.Options{N: n, Seed: 1, StartID: 100_000}); err != nil {
		return err
	}
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, statement := range []string{
		"DELETE FROM tblclients WHERE id < 100000",
		"SET @n = 1000",
		"UPDATE tblclients SET id = (@n := @n + 1) ORDER BY id",
		"UPDATE tblclients SET status = 'Active', emailoptout = 0, marketing_emails_opt_in = 1, country = 'ES', " +
			"email = CONCAT('client', id, '@example.com'), firstname = 'Client', lastname = 'Number'",
		"UPDATE tblclients SET email = 'nobody' WHERE id = 1007",
	} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func (w *world) close(t *testing.T) {
	for _, user := range w.users {
		if _, err := w.db.Exec("DROP USER " + user); err != nil {
			t.Error(err)
		}
	}
	_ = w.db.Close()
	_ = w.sim.Close()
}

// code runs a program and demands its exit code: code 2 whmcsync status nope.
func code(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := exitCode(ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// eventually runs a program until its output has a text: eventually '2 workers' whmcsync status.
func eventually(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("not within 30 s: %q", args[0])
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}

// sql changes the WHMCS database.
func (w *world) sql(ts *testscript.TestScript, _ bool, args []string) {
	for _, statement := range args {
		_, err := w.db.Exec(statement)
		ts.Check(err)
	}
}

// clients replaces the clients by so many.
func (w *world) clients(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(w.fill(context.Background(), n))
}

// as makes the program use a database user with these grants only: as 'SELECT' 'UPDATE (notes) ON tblclients'. DSN is set.
func (w *world) as(ts *testscript.TestScript, _ bool, args []string) {
	user := "ws_" + strings.ToLower(rand.Text()[:10])
	w.sql(ts, false, []string{"CREATE USER " + user + " IDENTIFIED BY '" + password + "'"})
	w.users = append(w.users, user)
	for _, grant := range args {
		what, table, ok := strings.Cut(grant, " ON ")
		if !ok {
			table = "*"
		}
		w.sql(ts, false, []string{fmt.Sprintf("GRANT %s ON `%s`.%s TO %s", what, w.settings.DBName, table, user)})
	}
	ts.Setenv("DSN", w.dsnOf(user, password))
}

// wrongPostgres is the URL of the database with a password that is refused.
func (w *world) wrongPostgres() string {
	u, _ := url.Parse(w.postgres) // it has been connected to
	u.User = url.UserPassword(u.User.Username(), wrong)
	return u.String()
}

// taken is an address at which a server listens.
func (w *world) taken() string {
	u, _ := url.Parse(w.sim.URL())
	return u.Host
}

// dsnOf is the DSN of another user.
func (w *world) dsnOf(user, password string) string {
	settings := w.settings.Clone()
	settings.User, settings.Passwd = user, password
	return settings.FormatDSN()
}

// person prints what the list holds of somebody.
func (w *world) person(ts *testscript.TestScript, neg bool, args []string) {
	p, found := w.sim.Person(args[0])
	if found == neg {
		ts.Fatalf("%s on the list: %v", args[0], found)
	}
	body, err := json.Marshal(p)
	ts.Check(err)
	_, err = ts.Stdout().Write(body)
	ts.Check(err)
}

// unsubscribe has people leave the list by their own will.
func (w *world) unsubscribe(ts *testscript.TestScript, _ bool, emails []string) {
	for _, email := range emails {
		p, found := w.sim.Person(email)
		if !found {
			ts.Fatalf("%s is not on the list", email)
		}
		p.Unsubscribed = true
		w.sim.Seed(p)
	}
}

// fault makes the list misbehave: fault '{"kind": "revoked"}'; without arguments it is well again.
func (w *world) fault(ts *testscript.TestScript, _ bool, args []string) {
	faults := make([]sim.Fault, len(args))
	for i, arg := range args {
		ts.Check(json.Unmarshal([]byte(arg), &faults[i]))
	}
	ts.Check(w.sim.SetFaults(faults...))
}

// secret demands that neither output of the last program holds a secret.
func (w *world) secret(ts *testscript.TestScript, _ bool, _ []string) {
	said := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	for _, secret := range []string{apiKey, password, wrong} {
		if strings.Contains(said, secret) {
			ts.Fatalf("%q is given away", secret)
		}
	}
}

// child is what is below a value under a key, a number, or len for the length.
func child(value any, key string) any {
	switch value := value.(type) {
	case map[string]any:
		return value[key]
	case []any:
		if key == "len" {
			return float64(len(value))
		}
		if i, err := strconv.Atoi(key); err == nil && i < len(value) {
			return value[i]
		}
	}
	return nil
}

func text(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	body, _ := json.Marshal(value) // it came from JSON
	return string(body)
}
