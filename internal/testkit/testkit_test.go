package testkit_test

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"os/exec"
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
