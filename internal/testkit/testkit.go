package testkit

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/quiet"
)

// Environment variables that name the servers; `make test` sets them.
const (
	EnvPostgres = "WHMCSYNC_TEST_POSTGRES" // postgres:// URL of a user who may create databases
	EnvMySQL    = "WHMCSYNC_TEST_MYSQL"    // go-sql-driver DSN, no database, of a user who may create databases
	EnvRedis    = "WHMCSYNC_TEST_REDIS"    // redis:// URL
)

// Tests print what they have to say by themselves. A package variable, because it must be so before any test begins.
var _ = func() bool { quiet.Libraries(); return true }()

// tidyLimit is how long clean-up at the end of a test may take; the test's own context is over by then.
const tidyLimit = 30 * time.Second

// Missing ends a test that lacks something of its surroundings: skipped here, failed where everything must run.
func Missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("testkit: %s", why)
	}
	t.Skipf("testkit: %s", why)
}

// fromEnv returns the variable's value or ends the test.
func fromEnv(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		Missing(t, name+" is not set: `make test` starts the servers and sets it")
	}
	return value
}

// databaseName makes a name that no other test has, in lower case so that it never needs quoting.
func databaseName(kind string) string {
	return "whmcsync_" + kind + "_" + strings.ToLower(rand.Text()[:12])
}

// Eventually polls cond every 10 ms until it says true; after limit the test fails with cond's last words. Conditions
// are named states ("the run is done"), never a pause that hopes.
func Eventually(t testing.TB, limit time.Duration, cond func() (ok bool, now string)) {
	t.Helper()
	every := time.NewTicker(10 * time.Millisecond)
	defer every.Stop()
	deadline := time.Now().Add(limit)
	for {
		ok, now := cond()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("testkit: not within %s: %s", limit, now)
		}
		<-every.C
	}
}
