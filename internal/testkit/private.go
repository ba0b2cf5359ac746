package testkit

import (
	"errors"
	"testing"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/services"
)

// options are those of a server whose files go with the test.
func options(t testing.TB) services.Options {
	return services.Options{Dir: t.TempDir(), Log: zerolog.Nop()}
}

// PrivatePostgres starts a server of the test's own, to be killed and restarted at will. It is durable: what was
// committed outlives Kill.
func PrivatePostgres(t testing.TB) *services.Postgres {
	t.Helper()
	opts := options(t)
	opts.Durable = true
	server, err := services.StartPostgres(t.Context(), opts)
	demand(t, err)
	t.Cleanup(server.Stop)
	return server
}

// PrivateMariaDB starts a server of the test's own, to be killed and restarted at will. It is durable.
func PrivateMariaDB(t testing.TB) *services.MariaDB {
	t.Helper()
	opts := options(t)
	opts.Durable = true
	server, err := services.StartMariaDB(t.Context(), opts)
	demand(t, err)
	t.Cleanup(server.Stop)
	return server
}

// PrivateRedis starts a server of the test's own, to be killed and restarted at will. It keeps nothing: after Kill
// and Restart it is empty.
func PrivateRedis(t testing.TB) *services.Redis {
	t.Helper()
	server, err := services.StartRedis(t.Context(), options(t))
	demand(t, err)
	t.Cleanup(server.Stop)
	return server
}

// demand ends the test when the server could not be started.
func demand(t testing.TB, err error) {
	t.Helper()
	switch {
	case errors.Is(err, services.ErrNotInstalled):
		Missing(t, err.Error())
	case err != nil:
		t.Fatal(err)
	}
}
