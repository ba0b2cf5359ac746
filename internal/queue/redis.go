package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/redisurl"
)

// Embedded is the URL that asks for a Redis inside this process.
const Embedded = "embedded"

// pingTimeout bounds the first contact.
const pingTimeout = 5 * time.Second

// Redis is the connection everything of this package shares. Safe for concurrent use.
type Redis struct {
	client   redis.UniversalClient
	opt      asynq.RedisConnOpt
	embedded *embeddedRedis // nil when the server is outside
	closers  []func() error
}

// Connect opens the Redis at url (redis, rediss, redis-sentinel, redis-cluster or "embedded") and pings it once.
// Errors: Refused for a bad URL, Auth for refused credentials, Transient when it cannot be reached; none holds the
// password. The client library's own log lines go to log, for the whole process.
func Connect(ctx context.Context, url string, log zerolog.Logger) (*Redis, error) {
	r, err := open(url)
	if err != nil {
		return nil, err
	}
	redis.SetLogger(newClientLogger(log))
	r.client, _ = r.opt.MakeRedisClient().(redis.UniversalClient)
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := r.Ping(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func open(url string) (*Redis, error) {
	if url == Embedded {
		server, opt, err := startEmbedded()
		return &Redis{opt: opt, embedded: server}, err
	}
	t, err := redisurl.Parse(url)
	if err != nil {
		return nil, refuse("read URL", "%w", err)
	}
	return &Redis{opt: connOpt(t)}, nil
}

// Client is the shared client, for rate limits and the like. Do not close it.
func (r *Redis) Client() redis.UniversalClient { return r.client }

// ConnOpt is how the queue engine's own tools connect to the same server. It holds the password: do not print it.
func (r *Redis) ConnOpt() asynq.RedisConnOpt { return r.opt }

// Embedded says that the server lives in this process, so that no other process can share it.
func (r *Redis) Embedded() bool { return r.embedded != nil }

// Ping reports whether the server answers.
func (r *Redis) Ping(ctx context.Context) error {
	return redisFault("ping", r.client.Ping(ctx).Err())
}

// Close ends all connections, of the queue pages too, and the embedded server. Shut the servers down before.
func (r *Redis) Close() error {
	errs := []error{r.client.Close()}
	for _, shut := range r.closers {
		errs = append(errs, shut())
	}
	if r.embedded != nil {
		r.embedded.close()
	}
	return redisFault("close", errors.Join(errs...))
}

// Warnings tells in plain words what about the server's settings endangers the queue. What cannot be asked (CONFIG is
// forbidden at most hosting providers) is not warned about.
func (r *Redis) Warnings(ctx context.Context) []string {
	if r.Embedded() {
		return nil
	}
	var warnings []string
	policy, err := r.client.ConfigGet(ctx, "maxmemory-policy").Result()
	if got := policy["maxmemory-policy"]; err == nil && got != "" && got != "noeviction" {
		warnings = append(warnings, fmt.Sprintf(
			"Redis may evict tasks when its memory is full: set maxmemory-policy to noeviction (it is %s)", got))
	}
	info, err := r.client.Info(ctx, "server").Result()
	if version := infoValue(info, "redis_version"); err == nil && older(version, 6, 2) {
		warnings = append(warnings, fmt.Sprintf("Redis %s is too old: 6.2 or newer is needed", version))
	}
	return warnings
}

func infoValue(info, key string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), key+":"); ok {
			return value
		}
	}
	return ""
}

// older compares the first two numbers of a version; a text that is no version is not older than anything.
func older(version string, major, minor int) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	x, errX := strconv.Atoi(parts[0])
	y, errY := strconv.Atoi(parts[1])
	if errX != nil || errY != nil {
		return false
	}
	return x < major || x == major && y < minor
}
