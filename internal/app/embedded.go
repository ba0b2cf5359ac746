package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/services"
)

// With the embedded default the first process of a state directory hosts PostgreSQL (and Redis), and leaves the address
// in a file that only its user can read; later processes join it.
const (
	postgresAddress = "postgres.url"
	redisAddress    = "redis.url"
)

func (a *App) postgresURL(ctx context.Context) (url string, embedded bool, err error) {
	if url := a.Config.Postgres.URL.Reveal(); url != config.Embedded {
		return url, false, nil
	}
	if url := a.address(postgresAddress); url != "" {
		if conn, err := pgx.Connect(ctx, url); err == nil {
			a.joined = append(a.joined, host{"PostgreSQL", addressOf(url)})
			return url, true, conn.Close(ctx)
		}
	}
	if url, err = a.hostPostgres(ctx, a.postgresDir()); err != nil {
		return "", true, err
	}
	return url, true, a.publish(postgresAddress, url)
}

func (a *App) postgresDir() string { return filepath.Join(a.Config.StateDir, "postgres") }

// hostPostgres runs a server in dir until Close.
func (a *App) hostPostgres(ctx context.Context, dir string) (url string, err error) {
	server, err := services.StartPostgres(ctx, services.Options{Dir: dir, Log: a.Log, Durable: true, Fetch: true})
	if err != nil {
		return "", a.unhosted(err)
	}
	a.onClose(server.Stop)
	return server.URL, nil
}

func (a *App) connectRedis(ctx context.Context) (*queue.Redis, error) {
	url := a.Config.Redis.URL.Reveal()
	if url != config.Embedded {
		return queue.Connect(ctx, url, a.Log)
	}
	if address := a.address(redisAddress); address != "" {
		if redis, err := queue.Connect(ctx, address, a.Log); err == nil {
			a.joined = append(a.joined, host{"Redis", addressOf(address)})
			return redis, nil
		}
	}
	redis, err := queue.Connect(ctx, url, a.Log)
	if err != nil {
		return nil, err
	}
	return redis, a.publish(redisAddress, redis.URL())
}

// address reads where another process of this state directory serves; "" when none says so.
func (a *App) address(file string) string {
	text, err := os.ReadFile(filepath.Join(a.Config.StateDir, file))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// publish leaves an address for later processes and takes it away at the end.
func (a *App) publish(file, url string) error {
	path := filepath.Join(a.Config.StateDir, file)
	if err := os.MkdirAll(a.Config.StateDir, 0o700); err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	if err := os.WriteFile(path, []byte(url+"\n"), 0o600); err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	a.onClose(func() {
		if a.address(file) != url {
			return // another process hosts by now
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			a.Log.Warn().Err(err).Msg("address file could not be removed")
		}
	})
	return nil
}
