package queue

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// The engine's keys that are read here directly. Its inspector cannot be used: it takes no context, fails as a whole
// when one task's data is missing, and knows nothing of a queue that is not registered.
const keyQueues = "asynq:queues"

func queueKey(queue, part string) string { return "asynq:{" + queue + "}:" + part }

func taskKey(queue, id string) string { return queueKey(queue, "t:"+wireID(id)) }

// Depth is how many tasks of a queue are in each state.
type Depth struct {
	Pending        int64 // ready to be taken
	Active         int64 // being executed
	Scheduled      int64 // wait for their time
	Retry          int64 // wait for another try
	Archived       int64 // given up
	Completed      int64 // finished, kept to be seen
	LatencySeconds float64
}

// Depths looks at every registered queue. A queue nobody has used yet has zero depth. LatencySeconds is the age of the
// oldest task that is ready, 0 when there is none.
func (c *Client) Depths(ctx context.Context) (map[string]Depth, error) {
	const op = "read queue depths"
	queues, err := c.rdb.SMembers(ctx, keyQueues).Result()
	if err != nil {
		return nil, redisFault(op, err)
	}
	depths := make(map[string]Depth, len(queues))
	for _, queue := range queues {
		depth, err := c.depth(ctx, queue)
		if err != nil {
			return nil, redisFault(op, err)
		}
		depths[queue] = depth
	}
	return depths, nil
}

func (c *Client) depth(ctx context.Context, queue string) (Depth, error) {
	pipe := c.rdb.Pipeline()
	counts := []*redis.IntCmd{
		pipe.LLen(ctx, queueKey(queue, "pending")),
		pipe.LLen(ctx, queueKey(queue, "active")),
		pipe.ZCard(ctx, queueKey(queue, "scheduled")),
		pipe.ZCard(ctx, queueKey(queue, "retry")),
		pipe.ZCard(ctx, queueKey(queue, "archived")),
		pipe.ZCard(ctx, queueKey(queue, "completed")),
	}
	oldest := pipe.LIndex(ctx, queueKey(queue, "pending"), -1)
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return Depth{}, err
	}
	d := Depth{
		Pending: counts[0].Val(), Active: counts[1].Val(), Scheduled: counts[2].Val(),
		Retry: counts[3].Val(), Archived: counts[4].Val(), Completed: counts[5].Val(),
	}
	latency, err := c.waited(ctx, queue, oldest.Val())
	d.LatencySeconds = latency.Seconds()
	return d, err
}

// waited is how long a ready task has been ready; 0 when it has been taken meanwhile or was handed back.
func (c *Client) waited(ctx context.Context, queue, wire string) (time.Duration, error) {
	if wire == "" {
		return 0, nil
	}
	text, err := c.rdb.HGet(ctx, queueKey(queue, "t:"+wire), "pending_since").Result()
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	nanos, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, nil //nolint:nilerr // a value the engine did not write tells nothing about waiting
	}
	return max(0, time.Since(time.Unix(0, nanos))), nil
}

// Known reports whether the queue will still execute the task, or is executing it: pending, active, scheduled or in
// retry. A completed, archived or absent task is not known; to run it again needs another id.
func (c *Client) Known(ctx context.Context, queue, id string) (bool, error) {
	status, err := c.rdb.HGet(ctx, taskKey(queue, id), "state").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, redisFault("look up task", err)
	}
	switch status {
	case "pending", "active", "scheduled", "retry":
		return true, nil
	default:
		return false, nil
	}
}

// sweepScript puts active tasks without a lease back to the head of the queue. Taking a task and ending it each
// change both sets in one step, so an active task without a lease is always a lost one. One whose data is gone
// too is dropped: nobody could execute it.
// KEYS: active, lease, pending. ARGV: prefix of task keys, now in ns.
var sweepScript = redis.NewScript(`
local swept = 0
for _, id in ipairs(redis.call("LRANGE", KEYS[1], 0, -1)) do
	if not redis.call("ZSCORE", KEYS[2], id) then
		redis.call("LREM", KEYS[1], 0, id)
		if redis.call("HEXISTS", ARGV[1] .. id, "msg") == 1 then
			redis.call("RPUSH", KEYS[3], id)
			redis.call("HSET", ARGV[1] .. id, "state", "pending", "pending_since", ARGV[2])
		end
		swept = swept + 1
	end
end
return swept`)

// SweepOrphans puts tasks that are active without a lease (evicted, or lost in a failover) back into the queue; the
// engine itself would leave them for ever. It returns how many there were.
func (c *Client) SweepOrphans(ctx context.Context, queue string) (int, error) {
	keys := []string{queueKey(queue, "active"), queueKey(queue, "lease"), queueKey(queue, "pending")}
	n, err := sweepScript.Run(ctx, c.rdb, keys, queueKey(queue, "t:"), time.Now().UnixNano()).Int()
	return n, redisFault("sweep orphaned tasks", err)
}
