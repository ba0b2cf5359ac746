package services

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is a private Redis server.
type Redis struct {
	*Server
	URL string // redis:// with the password
}

// StartRedis starts a private Redis in opts.Dir: noeviction, and with opts.Durable an append-only file synced every
// second. The data of a Redis that is not durable ends with the process. ErrNotInstalled when the machine has none.
func StartRedis(ctx context.Context, opts Options) (*Redis, error) {
	binary, err := findRedis()
	if err != nil {
		return nil, err
	}
	home, err := prepare(opts)
	if err != nil {
		return nil, err
	}
	p := plan{
		name:     "Redis",
		launch:   func(port int) launch { return home.redisLaunch(binary, port, opts.Durable) },
		ready:    home.redisReady,
		stop:     syscall.SIGTERM,
		patience: 10 * time.Second,
	}
	s, err := open(ctx, p, home, opts.Log)
	if err != nil {
		return nil, err
	}
	return &Redis{Server: s, URL: home.redisURL(s.plan.port)}, nil
}

// redisLaunch gives the configuration through standard input, so that the password shows in no process list.
func (h *home) redisLaunch(binary string, port int, durable bool) launch {
	lines := []string{
		"bind 127.0.0.1",
		fmt.Sprintf("dir %q", h.data),
		"port " + strconv.Itoa(port),
		"requirepass " + h.password,
		"maxmemory-policy noeviction",
		`save ""`,
		"appendonly " + map[bool]string{true: "yes", false: "no"}[durable],
		"appendfsync everysec",
		"daemonize no",
	}
	return launch{name: "Redis", path: binary, args: []string{"-"}, input: strings.Join(lines, "\n") + "\n", dir: h.data, onDeath: h.onDeath(syscall.SIGTERM)}
}

func (h *home) redisURL(port int) string {
	return fmt.Sprintf("redis://:%s@127.0.0.1:%d/0", h.password, port)
}

func (h *home) redisReady(ctx context.Context, port int) error {
	// The client logs a refused connection on its own; until somebody listens that is no news.
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err
	}
	conn.Close()
	opt, err := redis.ParseURL(h.redisURL(port))
	if err != nil {
		return err
	}
	opt.MaxRetries, opt.DialerRetries = -1, 1
	client := redis.NewClient(opt)
	defer client.Close()
	return client.Ping(ctx).Err()
}
