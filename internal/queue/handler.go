package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/tasks"
)

// Task is one delivery of a task.
type Task struct {
	Kind    tasks.Kind
	ID      string
	Queue   string
	Payload []byte
	Retried int // failed attempts the queue has counted
}

// Handler executes a task. It must obey ctx everywhere (the queue frees the slot of a task that ran out of time, and the
// task may be running elsewhere by then) and look at Draining(ctx) between records. The result, if any, is kept
// with the task as JSON; the error decides what becomes of it, see OutcomeOf.
type Handler func(ctx context.Context, t Task) (result any, err error)

// Mux hands each task to the handler of its kind. A kind nobody handles was written by a newer program, so the task
// is handed back for a newer worker to take.
func Mux(handlers map[tasks.Kind]Handler) Handler {
	return func(ctx context.Context, t Task) (any, error) {
		if handle, ok := handlers[t.Kind]; ok {
			return handle(ctx, t)
		}
		return nil, &fault.Error{
			Class: fault.Held, Account: t.Queue, Op: "execute task", RetryAfter: versionWait,
			Err: fmt.Errorf("kind %q is unknown to this version", t.Kind),
		}
	}
}

type drainingKey struct{}

// Draining is closed when the worker wants to end: settle the record in hand, checkpoint, and return a Held error. It
// is nil, and so never ready, outside a handler.
func Draining(ctx context.Context) <-chan struct{} {
	ch, _ := ctx.Value(drainingKey{}).(<-chan struct{})
	return ch
}

// Result is what is kept with each executed task, visible in the queue pages.
type Result struct {
	Outcome Verdict `json:"outcome"`
	Class   string  `json:"class,omitempty"`
	Error   string  `json:"error,omitempty"`
	Millis  int64   `json:"ms"`
	Result  any     `json:"result,omitempty"`
}

const (
	slotWait     = 5 * time.Second // for a handler that outlived its time; then another worker may have the task
	maxErrorText = 1000            // bytes of an error kept in Redis
	writeTimeout = 3 * time.Second
)

// runner is the handler as the engine sees it.
type runner struct {
	queue    string
	handle   Handler
	slots    chan struct{} // held while a handler really runs; the engine's own slots are freed too early
	draining <-chan struct{}
	rdb      redis.UniversalClient
	log      zerolog.Logger
}

// ProcessTask implements asynq.Handler.
func (r *runner) ProcessTask(ctx context.Context, engineTask *asynq.Task) error {
	t := r.task(ctx, engineTask)
	log := r.log.With().Str("queue", t.Queue).Str("task", t.ID).Str("kind", string(t.Kind)).Logger()
	started := time.Now()
	value, err := r.execute(ctx, t, log)
	outcome := OutcomeOf(err, t.Retried)
	r.record(ctx, t, log, Result{
		Outcome: outcome.Verdict, Class: string(fault.ClassOf(err)), Error: clip(err),
		Millis: time.Since(started).Milliseconds(), Result: value,
	})
	report(log, outcome, err)
	return engineError(outcome, err)
}

func (r *runner) task(ctx context.Context, t *asynq.Task) Task {
	wire, _ := asynq.GetTaskID(ctx)
	retried, _ := asynq.GetRetryCount(ctx)
	return Task{Kind: tasks.Kind(t.Type()), ID: idOfWire(wire), Queue: r.queue, Payload: t.Payload(), Retried: retried}
}

// execute runs the handler inside a slot.
func (r *runner) execute(ctx context.Context, t Task, log zerolog.Logger) (any, error) {
	if err := r.acquire(ctx); err != nil {
		return nil, err
	}
	defer func() { <-r.slots }()
	return safely(context.WithValue(ctx, drainingKey{}, r.draining), r.handle, t, log)
}

func (r *runner) acquire(ctx context.Context) error {
	select {
	case <-r.draining: // taken in the instant of the signal
		return r.held(time.Second, "the worker is ending")
	default:
	}
	timer := time.NewTimer(slotWait)
	defer timer.Stop()
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-r.draining:
		return r.held(time.Second, "the worker is ending")
	case <-timer.C:
		return r.held(slotWait, "a task that ran out of time still holds the slot")
	case <-ctx.Done():
		return r.held(slotWait, "no slot became free in time")
	}
}

func (r *runner) held(after time.Duration, why string) error {
	return &fault.Error{Class: fault.Held, Account: r.queue, Op: "execute task", RetryAfter: after, Err: errors.New(why)}
}

// safely turns a panic into a Transient fault and logs its stack, once.
func safely(ctx context.Context, handle Handler, t Task, log zerolog.Logger) (value any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			log.Error().Interface("cause", cause).Bytes("stack", debug.Stack()).Msg("a task panicked")
			value, err = nil, fault.New(fault.Transient, t.Queue, "execute task", "panic: %v", cause)
		}
	}()
	return handle(ctx, t)
}

// resultScript writes a result only to a task that is still being executed: a plain write would bring a task back as an
// empty shell when Redis lost it meanwhile, and the shell would hold its id for ever.
var resultScript = redis.NewScript(`
if redis.call("HGET", KEYS[1], "state") == "active" then
	return redis.call("HSET", KEYS[1], "result", ARGV[1])
end
return 0`)

// record keeps the result with the task. Failing to is no reason to fail the task.
func (r *runner) record(ctx context.Context, t Task, log zerolog.Logger, result Result) {
	data, err := json.Marshal(result)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, writeTimeout)
		defer cancel()
		err = resultScript.Run(ctx, r.rdb, []string{taskKey(t.Queue, t.ID)}, data).Err()
	}
	if err != nil && ctx.Err() == nil {
		log.Warn().Err(err).Msg("result of a task could not be kept")
	}
}

func report(log zerolog.Logger, o Outcome, err error) {
	switch o.Verdict {
	case Again:
		log.Warn().Err(err).Str("class", string(fault.ClassOf(err))).Msg("a task failed and will be tried again")
	case Later:
		log.Info().Err(err).Str("class", string(fault.ClassOf(err))).Msg("a task was put off")
	case GaveUp:
		log.Error().Err(err).Str("class", string(fault.ClassOf(err))).Msg("a task failed for good")
	case Done:
	}
}

// engineError tells the engine the outcome; its retry hooks ask OutcomeOf again.
func engineError(o Outcome, err error) error {
	if err == nil {
		return nil
	}
	if !o.Retry {
		return &taskError{text: clip(err), errs: []error{err, asynq.SkipRetry}}
	}
	return &taskError{text: clip(err), errs: []error{err}}
}

// taskError keeps what the engine stores in Redis short.
type taskError struct {
	text string
	errs []error
}

func (e *taskError) Error() string   { return e.text }
func (e *taskError) Unwrap() []error { return e.errs }

func clip(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	if len(text) <= maxErrorText {
		return text
	}
	return strings.ToValidUTF8(text[:maxErrorText], "") + "..."
}
