package queue_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/tasks"
)

func TestServeExecutesAndKeepsTheResult(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		got := make(chan queue.Task, 1)
		b.serve(t, func(_ context.Context, task queue.Task) (any, error) {
			got <- task
			return map[string]int{"records": 250}, nil
		})
		b.enqueue(t, 1, queue.EnqueueOptions{Retention: 2 * time.Hour})
		want := queue.Task{
			Kind: tasks.KindBatch, ID: "7/1/1", Queue: "news", Payload: []byte(`{"v":1,"run":7,"batch":1,"generation":1}`),
		}
		if diff := cmp.Diff(want, receive(t, "the task", got)); diff != "" {
			t.Error(diff)
		}
		info := b.awaitState(t, 1, asynq.TaskStateCompleted)
		if diff := cmp.Diff(resultOf(t, info), queue.Result{Outcome: queue.Done, Result: map[string]any{"records": 250.0}}); diff != "" {
			t.Error(diff)
		}
		if info.Retention != 2*time.Hour {
			t.Errorf("kept for %s", info.Retention)
		}
	})
}

// resultOf decodes what is kept with a task; how long it took is left out.
func resultOf(t *testing.T, info *asynq.TaskInfo) queue.Result {
	t.Helper()
	var result queue.Result
	if err := json.Unmarshal(info.Result, &result); err != nil {
		t.Fatalf("result %q: %v", info.Result, err)
	}
	result.Millis = 0
	return result
}

func TestFailedTasks(t *testing.T) {
	for _, tc := range []struct {
		name    string
		err     error
		state   asynq.TaskState
		retried int
		want    queue.Result
	}{
		{
			"a transient failure is tried again and counted",
			fault.New(fault.Transient, "news", "upsert", "cut connection"), asynq.TaskStateRetry, 1,
			queue.Result{Outcome: queue.Again, Class: "transient", Error: "news: upsert: transient: cut connection"},
		},
		{
			"a rate limit is put off and not counted",
			&fault.Error{Class: fault.RateLimited, Account: "news", Op: "upsert", RetryAfter: time.Hour}, asynq.TaskStateRetry, 0,
			queue.Result{Outcome: queue.Later, Class: "rate_limited", Error: "news: upsert: rate limited, retry in 1h0m0s"},
		},
		{
			"refused credentials are archived at once, for a person to see",
			fault.New(fault.Auth, "news", "upsert", "HTTP 401"), asynq.TaskStateArchived, 0,
			queue.Result{Outcome: queue.GaveUp, Class: "auth", Error: "news: upsert: credentials refused: HTTP 401"},
		},
		{
			"a payload of a newer version is handed back",
			&tasks.NewerError{V: 9}, asynq.TaskStateRetry, 0,
			queue.Result{Outcome: queue.Later, Class: "transient", Error: "task version 9 is newer than this program's 1"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, b bundle) {
				b.serve(t, func(context.Context, queue.Task) (any, error) { return nil, tc.err })
				b.enqueue(t, 1, queue.EnqueueOptions{})
				info := b.awaitState(t, 1, tc.state)
				if diff := cmp.Diff(tc.want, resultOf(t, info)); diff != "" {
					t.Error(diff)
				}
				if info.Retried != tc.retried {
					t.Errorf("counted %d attempts, want %d", info.Retried, tc.retried)
				}
				if info.LastErr != tc.want.Error {
					t.Errorf("the pages show %q", info.LastErr)
				}
			})
		})
	}
}

func TestRateLimitsNeverUseUpTheRetries(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		var executions atomic.Int32
		b.serve(t, func(context.Context, queue.Task) (any, error) {
			if executions.Add(1) < 3 {
				return nil, &fault.Error{Class: fault.RateLimited, RetryAfter: time.Second}
			}
			return nil, nil
		})
		b.enqueue(t, 1, queue.EnqueueOptions{})
		if info := b.awaitState(t, 1, asynq.TaskStateCompleted); info.Retried != 0 {
			t.Errorf("counted %d attempts", info.Retried)
		}
	})
}

func TestVersionSkew(t *testing.T) {
	for name, enqueue := range map[string]func(t *testing.T, b bundle) error{
		"a newer payload": func(t *testing.T, b bundle) error {
			return b.client.Enqueue(t.Context(), "news", tasks.KindBatch, "7/1/1", tasks.Batch{V: 99}, queue.EnqueueOptions{})
		},
		"a kind of a newer program": func(t *testing.T, b bundle) error {
			return b.client.Enqueue(t.Context(), "news", "domains", "7/1/1", tasks.Batch{V: 1}, queue.EnqueueOptions{})
		},
	} {
		t.Run(name+" waits 30 s for a newer worker and costs no attempt", func(t *testing.T) {
			everywhere(t, func(t *testing.T, b bundle) {
				b.serve(t, queue.Mux(map[tasks.Kind]queue.Handler{
					tasks.KindBatch: func(_ context.Context, task queue.Task) (any, error) {
						_, err := tasks.Decode[tasks.Batch](task.Payload)
						return nil, err
					},
				}))
				if err := enqueue(t, b); err != nil {
					t.Fatal(err)
				}
				info := b.awaitState(t, 1, asynq.TaskStateRetry)
				if wait := time.Until(info.NextProcessAt); info.Retried != 0 || wait < 20*time.Second || wait > 35*time.Second {
					t.Errorf("comes back in %s, counted %d attempts", wait, info.Retried)
				}
			})
		})
	}
}

func TestPanicIsTransientAndItsStackIsLoggedOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		b.serve(t, func(context.Context, queue.Task) (any, error) { panic("index out of range") })
		b.enqueue(t, 1, queue.EnqueueOptions{})
		info := b.awaitState(t, 1, asynq.TaskStateRetry)
		want := queue.Result{
			Outcome: queue.Again, Class: "transient", Error: "news: execute task: transient: panic: index out of range",
		}
		if diff := cmp.Diff(want, resultOf(t, info)); diff != "" {
			t.Error(diff)
		}
		if n := strings.Count(b.log.String(), "server_test.go"); n != 1 {
			t.Errorf("the stack is in the log %d times:\n%s", n, b.log)
		}
	})
}

func TestLongErrorsAreCutBeforeTheyReachRedis(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		b.serve(t, func(context.Context, queue.Task) (any, error) {
			return nil, fault.New(fault.Refused, "news", "upsert", "%s", strings.Repeat("é", 100_000))
		})
		b.enqueue(t, 1, queue.EnqueueOptions{})
		info := b.awaitState(t, 1, asynq.TaskStateArchived)
		if len(info.LastErr) > 1100 || len(info.Result) > 1200 {
			t.Errorf("error of %d bytes, result of %d", len(info.LastErr), len(info.Result))
		}
	})
}

func TestResultDoesNotReviveATaskThatRedisLost(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		begun, end, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		b.serve(t, func(context.Context, queue.Task) (any, error) {
			close(begun)
			<-end
			defer close(ended)
			return "late", nil
		})
		b.enqueue(t, 1, queue.EnqueueOptions{})
		receive(t, "the task", begun)
		if err := b.redis.Client().FlushDB(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		close(end)
		receive(t, "the end of the task", ended)
		await(t, "the engine notices that the task is gone", func() bool {
			return strings.Contains(b.log.String(), "NOT FOUND")
		})
		if n := b.redis.Client().Exists(t.Context(), "asynq:{news}:t:7:1:1").Val(); n != 0 {
			t.Error("an empty shell holds the task's id for ever")
		}
	})
}

func TestServeRefusesAConfigThatCannotWork(t *testing.T) {
	t.Parallel()
	b := setup(t, queue.Embedded)
	for name, cfg := range map[string]queue.ServerConfig{
		"no queue":             {Handler: idle},
		"no handler":           {Queue: "news"},
		"a queue with a slash": {Queue: "ne/ws", Handler: idle},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := queue.Serve(t.Context(), b.redis, cfg); !fault.Is(err, fault.Refused) {
				t.Errorf("got %v", err)
			}
		})
	}
}
