package testkit

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/whmcsync/whmcsync/internal/services"
)

// Redis returns the URL of an empty Redis of the test's own: a private server where redis-server is installed,
// because publish/subscribe and FLUSHALL reach across databases, else a database of the server in the environment
// that no other test has.
func Redis(t testing.TB) string {
	t.Helper()
	server, err := services.StartRedis(t.Context(), options(t))
	switch {
	case err == nil:
		t.Cleanup(server.Stop)
		return server.URL
	case errors.Is(err, services.ErrNotInstalled):
		return redisDatabase(t, fromEnv(t, EnvRedis))
	default:
		t.Fatal(err)
		return ""
	}
}

// redisDatabases are the numbers a stock configuration has; 0 holds the claims.
const redisDatabases = 16

// redisDatabase claims a database for the length of the test.
func redisDatabase(t testing.TB, url string) string {
	t.Helper()
	opt, err := redis.ParseURL(url)
	if err != nil {
		t.Fatalf("testkit: %s: %v", EnvRedis, err)
	}
	opt.DB = 0
	claims := redis.NewClient(opt)
	t.Cleanup(func() { claims.Close() })
	for db := 1; db < redisDatabases; db++ {
		key := fmt.Sprintf("whmcsync_test_db_%d", db)
		mine, err := claims.SetNX(t.Context(), key, "claimed", 0).Result()
		if err != nil {
			t.Fatalf("testkit: %v", err)
		}
		if mine {
			return emptied(t, claims, opt, key, db)
		}
	}
	t.Fatal("testkit: all Redis databases are in use by other tests")
	return ""
}

// emptied flushes the claimed database now and at the end of the test.
func emptied(t testing.TB, claims *redis.Client, opt *redis.Options, key string, db int) string {
	t.Helper()
	own := *opt
	own.DB = db
	client := redis.NewClient(&own)
	flush := func() {
		ctx, cancel := context.WithTimeout(context.Background(), tidyLimit)
		defer cancel()
		if err := client.FlushDB(ctx).Err(); err != nil {
			t.Errorf("testkit: %v", err)
		}
	}
	flush()
	t.Cleanup(func() {
		flush()
		client.Close()
		claims.Del(context.Background(), key)
	})
	auth := ""
	if own.Password != "" {
		auth = own.Username + ":" + own.Password + "@"
	}
	return fmt.Sprintf("redis://%s%s/%d", auth, own.Addr, db)
}

// OnEachRedis runs a test on a real Redis and on the one that small installs embed.
func OnEachRedis(t *testing.T, test func(t *testing.T, client redis.UniversalClient)) {
	t.Helper()
	t.Parallel()
	t.Run("on Redis", func(t *testing.T) {
		t.Parallel()
		opt, err := redis.ParseURL(Redis(t))
		if err != nil {
			t.Fatal(err)
		}
		test(t, RedisClient(t, opt))
	})
	t.Run("on the embedded Redis", func(t *testing.T) {
		t.Parallel()
		test(t, RedisClient(t, &redis.Options{Addr: miniredis.RunT(t).Addr()}))
	})
}

// RedisClient is a client that is closed when the test ends.
func RedisClient(t *testing.T, opt *redis.Options) redis.UniversalClient {
	t.Helper()
	client := redis.NewClient(opt)
	t.Cleanup(func() { _ = client.Close() })
	return client
}
