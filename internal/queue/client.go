package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/whmcsync/whmcsync/tasks"
)

const (
	// maxRetry is so high that the engine never decides by itself to give up: it would count rate limits as
	// failures. Attempts are counted in Postgres.
	maxRetry = 1000
	// maxPayload keeps payloads to ids: the payload of every running task is written again every 5 s.
	maxPayload = 1024

	defaultTimeout   = 10 * time.Minute
	defaultRetention = 24 * time.Hour
)

// Client enqueues tasks and looks at queues. Safe for concurrent use.
type Client struct {
	rdb   redis.UniversalClient
	asynq *asynq.Client
}

// NewClient makes a client on a shared connection; there is nothing to close.
func NewClient(r *Redis) *Client {
	return &Client{rdb: r.client, asynq: asynq.NewClientFromRedisClient(r.client)}
}

// EnqueueOptions are the times of a task; the zero value is fine.
type EnqueueOptions struct {
	Timeout   time.Duration // of one execution, at least 1 s; default 10 minutes
	Retention time.Duration // how long the finished task stays visible; default 24 h
	At        time.Time     // not before; zero = now
	First     bool          // before all that wait already: it has waited once
}

// Enqueue puts one task into a queue. A task of this id that is there already, in whatever state, counts as success, so
// an id must change (by its generation) when the work is to be done again. Errors: Refused for a bad queue name, id,
// timeout or payload; Transient and Auth from Redis.
func (c *Client) Enqueue(ctx context.Context, queue string, kind tasks.Kind, id string, payload any, opts EnqueueOptions) error {
	const op = "enqueue"
	data, err := json.Marshal(payload)
	if err != nil {
		return refuse(op, "payload: %w", err)
	}
	if err := checkTask(queue, id, data, opts); err != nil {
		return err
	}
	_, err = c.asynq.EnqueueContext(ctx, asynq.NewTask(string(kind), data), engineOptions(queue, id, opts)...)
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		return nil
	}
	if err == nil && opts.First {
		err = firstScript.Run(ctx, c.rdb, []string{queueKey(queue, "pending")}, wireID(id)).Err()
	}
	return redisFault(op, err)
}

// firstScript moves a task that waits to the end from which tasks are taken. One that was taken meanwhile stays taken.
var firstScript = redis.NewScript(`
if redis.call("LREM", KEYS[1], 1, ARGV[1]) == 1 then
	redis.call("RPUSH", KEYS[1], ARGV[1])
end
return 1`)

func checkTask(queue, id string, data []byte, opts EnqueueOptions) error {
	const op = "enqueue"
	switch {
	case !validQueue(queue):
		return refuse(op, "queue name %q: use letters, digits, - _ and .", queue)
	case id == "" || strings.ContainsAny(id, ":{} "):
		return refuse(op, "task id %q is empty or holds one of : { } and space", id)
	case len(data) > maxPayload:
		return refuse(op, "payload of %d bytes; ids only, at most %d", len(data), maxPayload)
	case opts.Timeout != 0 && opts.Timeout < time.Second:
		// The engine counts whole seconds: less would become "no timeout".
		return refuse(op, "timeout %s is under a second", opts.Timeout)
	case opts.Retention < 0:
		return refuse(op, "retention %s is negative", opts.Retention)
	}
	return nil
}

func engineOptions(queue, id string, opts EnqueueOptions) []asynq.Option {
	options := []asynq.Option{
		asynq.Queue(queue),
		asynq.TaskID(wireID(id)),
		asynq.MaxRetry(maxRetry),
		asynq.Timeout(cmp.Or(opts.Timeout, defaultTimeout)),
		asynq.Retention(cmp.Or(opts.Retention, defaultRetention)),
	}
	if !opts.At.IsZero() {
		options = append(options, asynq.ProcessAt(opts.At))
	}
	return options
}

// validQueue keeps braces out of Redis keys (they choose the cluster slot) and slashes out of the pages' paths.
func validQueue(name string) bool {
	if name == "" {
		return false
	}
	for _, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && !strings.ContainsRune("-_.", r) {
			return false
		}
	}
	return true
}

// wireID is how a task id is spelt in Redis: the queue pages put ids into paths without escaping, so a slash there
// would make a task's own page unreachable.
func wireID(id string) string { return strings.ReplaceAll(id, "/", ":") }

func idOfWire(wire string) string { return strings.ReplaceAll(wire, ":", "/") }

// Register makes queues visible to the inspector and the pages. After Redis lost its data, clients that live on
// enqueue without registering again, so the scheduler calls this on every pass.
func (c *Client) Register(ctx context.Context, queues []string) error {
	if len(queues) == 0 {
		return nil
	}
	return redisFault("register queues", c.rdb.SAdd(ctx, keyQueues, queues).Err())
}
