package bench

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/services"
)

// servers are the private servers of one benchmark, and connections that may do everything there.
type servers struct {
	mysqlDSN, postgresURL, redisURL string

	mysql    *sql.DB
	postgres *pgxpool.Pool
	redis    *redis.Client
	undo     []func()
}

// startServers starts the three servers below dir. Not durable means that they do not wait for the disk.
func startServers(ctx context.Context, dir string, durable bool, log zerolog.Logger) (*servers, error) {
	s := &servers{}
	err := s.start(ctx, func(name string) services.Options {
		// As where a WHMCS of a million clients is served: its tables, and ours, are in memory.
		return services.Options{Dir: filepath.Join(dir, name), Durable: durable, Large: true, Log: log}
	})
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *servers) start(ctx context.Context, options func(name string) services.Options) error {
	mariadb, err := services.StartMariaDB(ctx, options("mariadb"))
	if err != nil {
		return err
	}
	s.undo = append(s.undo, mariadb.Stop)
	postgres, err := services.StartPostgres(ctx, options("postgres"))
	if err != nil {
		return err
	}
	s.undo = append(s.undo, postgres.Stop)
	server, err := services.StartRedis(ctx, options("redis"))
	if err != nil {
		return err
	}
	s.undo = append(s.undo, server.Stop)
	s.mysqlDSN, s.postgresURL, s.redisURL = mariadb.DSN, postgres.URL, server.URL
	return s.connect(ctx)
}

func (s *servers) connect(ctx context.Context) (err error) {
	if s.mysql, err = sql.Open("mysql", s.mysqlDSN); err != nil {
		return err
	}
	s.undo = append(s.undo, func() { _ = s.mysql.Close() })
	if s.postgres, err = pgxpool.New(ctx, s.postgresURL); err != nil {
		return err
	}
	s.undo = append(s.undo, s.postgres.Close)
	opt, err := redis.ParseURL(s.redisURL)
	if err != nil {
		return err
	}
	s.redis = redis.NewClient(opt)
	s.undo = append(s.undo, func() { _ = s.redis.Close() })
	return nil
}

// stop closes what is open, newest first.
func (s *servers) stop() {
	for i := len(s.undo) - 1; i >= 0; i-- {
		s.undo[i]()
	}
	s.undo = nil
}

// newMySQL makes an empty database and returns its DSN.
func (s *servers) newMySQL(ctx context.Context, name string) (string, error) {
	if _, err := s.mysql.ExecContext(ctx, "CREATE DATABASE "+name+" CHARACTER SET utf8"); err != nil {
		return "", err
	}
	head, tail, _ := strings.Cut(s.mysqlDSN, ")/")
	return head + ")/" + name + tail, nil
}

// newPostgres makes an empty database and returns its URL.
func (s *servers) newPostgres(ctx context.Context, name string) (string, error) {
	if _, err := s.postgres.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	address, err := url.Parse(s.postgresURL)
	if err != nil {
		return "", err
	}
	address.Path = "/" + name
	return address.String(), nil
}

// redisDB is the URL of one of the numbered databases, emptied.
func (s *servers) redisDB(ctx context.Context, n int) (string, error) {
	opt := *s.redis.Options()
	opt.DB = n
	client := redis.NewClient(&opt)
	defer client.Close()
	if err := client.FlushDB(ctx).Err(); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s/%d", strings.TrimSuffix(s.redisURL, "/0"), n), nil
}
