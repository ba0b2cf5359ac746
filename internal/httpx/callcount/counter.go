package callcount

import (
	"context"
	_ "embed" // the script
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/whmcsync/whmcsync/internal/fault"
)

const redisTimeout = 3 * time.Second

var (
	//go:embed admit.lua
	admitText   string
	admitScript = redis.NewScript(admitText)
)

// Counter counts one account's calls for all processes that share a Redis. Safe for many goroutines at once.
type Counter struct {
	redis   redis.UniversalClient
	account string
	prefix  string // of keys; the braces keep all on one node of a cluster
}

// New returns a counter. All counters of one account name count together. Nothing is sent to Redis.
func New(client redis.UniversalClient, account string) *Counter {
	return &Counter{redis: client, account: account, prefix: "whmcsync:calls:{" + account + "}:"}
}

// Admit counts a call in. Wait is above zero when as many equal ones were made within span, which slides; then it is not
// counted and must not be made yet. Else takeBack uncounts it, should it not be made in the end. Call becomes a part of a
// key: it must tell no secret. Errors are *fault.Error: Held when ctx ended, Transient when Redis does not answer.
func (c *Counter) Admit(ctx context.Context, call string, most int, span time.Duration) (takeBack func(), wait time.Duration, err error) {
	bounded, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	answer, err := admitScript.Run(bounded, c.redis, []string{c.prefix + call}, most, span.Microseconds()).Int64Slice()
	if err != nil || len(answer) != 2 {
		return nil, 0, c.redisFault(ctx, err)
	}
	if answer[0] > 0 {
		return nil, time.Duration(answer[0]) * time.Microsecond, nil
	}
	return func() { c.takeBack(ctx, call, answer[1]) }, 0, nil
}

// takeBack forgets one call of that moment. When Redis does not answer it stays counted, which does no harm.
func (c *Counter) takeBack(ctx context.Context, call string, at int64) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisTimeout)
	defer cancel()
	c.redis.LRem(bounded, c.prefix+call, -1, at)
}

func (c *Counter) redisFault(ctx context.Context, err error) error {
	const op = "count equal calls"
	if ctx.Err() != nil {
		return &fault.Error{Class: fault.Held, Account: c.account, Op: op, Err: ctx.Err()}
	}
	return &fault.Error{
		Class: fault.Transient, Account: c.account, Op: op,
		Err: fmt.Errorf("the queue's Redis does not answer: %w", err),
	}
}
