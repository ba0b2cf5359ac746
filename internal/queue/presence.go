package queue

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/hibiken/asynq"
)

// URL is how other processes of this machine reach the embedded server; "" when the server is outside. It holds the
// password: keep it where only this user can read it.
func (r *Redis) URL() string {
	opt, ok := r.opt.(asynq.RedisClientOpt)
	if !ok || r.embedded == nil {
		return ""
	}
	address := url.URL{Scheme: "redis", User: url.UserPassword("", opt.Password), Host: opt.Addr}
	return address.String()
}

// Workers counts the processes that serve queues now.
func (c *Client) Workers(ctx context.Context) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, redisFault("count workers", err)
	}
	servers, err := asynq.NewInspectorFromRedisClient(c.rdb).Servers()
	if err != nil {
		return 0, redisFault("count workers", err)
	}
	var processes []string
	for _, server := range servers {
		processes = append(processes, server.Host+"/"+strconv.Itoa(server.PID))
	}
	slices.Sort(processes)
	return len(slices.Compact(processes)), nil
}
