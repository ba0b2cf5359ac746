package testkit_test

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	_ "github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/whmcsync/whmcsync/internal/testkit"
)

func TestPostgresGivesAnEmptyDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	var seen string
	t.Run("and lets it be filled", func(t *testing.T) {
		seen = databaseOf(t, testkit.Postgres(t), "CREATE TABLE a (id int)")
	})
	conn := connect(t, testkit.Postgres(t))
	t.Run("and drops it at the end of the test", func(t *testing.T) {
		if count(t, conn, "SELECT count(*) FROM pg_database WHERE datname = $1", seen) != 0 {
			t.Errorf("database %s is still there", seen)
		}
	})
}

func TestTemplateIsPreparedOnceAndClonedForEachTest(t *testing.T) {
	t.Parallel()
	prepared := 0
	template := testkit.Template{Prepare: func(ctx context.Context, url string) error {
		prepared++
		databaseOf(t, url, "CREATE TABLE a (id int); INSERT INTO a VALUES (7)")
		return nil
	}}
	for range 3 {
		conn := connect(t, template.Clone(t))
		if got := count(t, conn, "SELECT count(*) FROM a"); got != 1 {
			t.Errorf("the clone has %d rows, want the template's 1", got)
		}
		if _, err := conn.Exec(t.Context(), "INSERT INTO a VALUES (8)"); err != nil {
			t.Fatal(err)
		}
	}
	if prepared != 1 {
		t.Errorf("prepared %d times, want once", prepared)
	}
}

func TestACloneIsLentAgainAsItsTemplateIs(t *testing.T) {
	t.Parallel()
	template := testkit.Template{Prepare: func(_ context.Context, url string) error {
		databaseOf(t, url, `CREATE TABLE seeds (id int); INSERT INTO seeds VALUES (7);
			CREATE TABLE parents (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
			CREATE TABLE children (parent int REFERENCES parents)`)
		return nil
	}}
	var names []string
	for _, one := range []struct {
		what, statement string
		again           bool // the next test gets the same database
	}{
		{"rows", "INSERT INTO parents DEFAULT VALUES; INSERT INTO children VALUES (1)", true},
		{"an index", "CREATE INDEX ON children (parent)", false},
		{"a dropped default", "ALTER TABLE parents ALTER id DROP IDENTITY", false},
		{"other seeds", "UPDATE seeds SET id = 8", false},
		{"many rows", "INSERT INTO children SELECT NULL FROM generate_series(1, 200000)", false},
		{"a setting", "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET work_mem = 100'; END $$", false},
		{"nothing", "SELECT 1", true},
	} {
		var name string
		t.Run(one.what, func(t *testing.T) {
			url := template.Clone(t)
			conn := connect(t, url)
			if n := count(t, conn, "SELECT (SELECT count(*) FROM parents) + (SELECT count(*) FROM children)"); n != 0 {
				t.Errorf("%d rows of an earlier test", n)
			}
			if n := count(t, conn, "SELECT nextval(pg_get_serial_sequence('parents', 'id'))"); n != 1 {
				t.Errorf("the first id is %d", n)
			}
			if n := count(t, conn, "SELECT id FROM seeds"); n != 7 {
				t.Errorf("the seed is %d", n)
			}
			if _, err := conn.Exec(t.Context(), "SELECT setval(pg_get_serial_sequence('parents', 'id'), 1, false)"); err != nil {
				t.Fatal(err)
			}
			name = databaseOf(t, url, one.statement)
		})
		t.Run("after "+one.what, func(t *testing.T) {
			if next := databaseOf(t, template.Clone(t), "SELECT 1"); (next == name) != one.again {
				t.Errorf("lent again: %t, want %t", next == name, one.again)
			}
		})
		names = append(names, name)
	}
	if slices.Index(names, names[1]) != 0 {
		t.Error("the second test did not get the database of the first one")
	}
}

func TestMySQLGivesAnEmptyDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("mysql", testkit.MySQL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var tables int
	query := "SELECT count(*) FROM information_schema.tables WHERE table_schema = database()"
	if err := db.QueryRowContext(t.Context(), query).Scan(&tables); err != nil || tables != 0 {
		t.Errorf("got %d tables, error %v, want none", tables, err)
	}
}

func TestRedisIsNotSharedBetweenTests(t *testing.T) {
	t.Parallel()
	one, other := redisClient(t, testkit.Redis(t)), redisClient(t, testkit.Redis(t))
	if err := one.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := other.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	got, err := one.Get(t.Context(), "k").Result()
	if diff := cmp.Diff("v", got); diff != "" || err != nil {
		t.Errorf("another test's FLUSHALL reached us (%v): %s", err, diff)
	}
}

func TestChromiumShowsAPage(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<h1>in step</h1>"))
	}))
	defer page.Close()
	tab := testkit.Chromium(t)
	if _, err := chromedp.Run(tab, chromedp.Navigate(page.URL)); err != nil {
		t.Fatal(err)
	}
	title, err := chromedp.Run(tab, chromedp.Text("h1"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("in step", title); diff != "" {
		t.Error(diff)
	}
}

func TestPHPRuns(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), testkit.PHP(t), "-r", "echo 6*7;").Output()
	if err != nil || strings.TrimSpace(string(out)) != "42" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestEventuallyEndsWithTheCondition(t *testing.T) {
	t.Parallel()
	asked := 0
	testkit.Eventually(t, time.Minute, func() (bool, string) { asked++; return asked == 3, "not yet" })
	if asked != 3 {
		t.Errorf("asked %d times, want 3", asked)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// databaseOf runs the statement there and returns the database's name.
func databaseOf(t *testing.T, url, statement string) (name string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if err := conn.QueryRow(t.Context(), "SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

func count(t *testing.T, conn *pgx.Conn, query string, args ...any) (n int) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func redisClient(t *testing.T, url string) *redis.Client {
	t.Helper()
	opt, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opt)
	t.Cleanup(func() { client.Close() })
	return client
}
