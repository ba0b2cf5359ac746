package queue_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/tasks"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		runChild(url)
		return
	}
	goleak.VerifyTestMain(m)
}

// bundle is a connection, a client and a log to look into.
type bundle struct {
	redis     *queue.Redis
	client    *queue.Client
	inspector *asynq.Inspector
	log       *testkit.Printed
}

// everywhere runs a test on a real Redis and on the embedded one.
func everywhere(t *testing.T, test func(t *testing.T, b bundle)) {
	t.Helper()
	t.Parallel()
	t.Run("on a real Redis", func(t *testing.T) { t.Parallel(); test(t, setup(t, testkit.Redis(t))) })
	t.Run("on the embedded Redis", func(t *testing.T) { t.Parallel(); test(t, setup(t, queue.Embedded)) })
}

func setup(t *testing.T, url string) bundle {
	t.Helper()
	log := &testkit.Printed{}
	r, err := queue.Connect(t.Context(), url, zerolog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return bundle{
		redis: r, client: queue.NewClient(r), inspector: asynq.NewInspectorFromRedisClient(r.Client()), log: log,
	}
}

// serve starts a server of queue "news" that polls fast and ends with the test.
func (b bundle) serve(t *testing.T, handler queue.Handler, change ...func(*queue.ServerConfig)) *queue.Server {
	t.Helper()
	cfg := queue.ServerConfig{
		Queue: "news", Concurrency: 4, Poll: 20 * time.Millisecond, ShutdownTimeout: time.Second,
		Handler: handler, Log: zerolog.New(b.log),
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := queue.Serve(t.Context(), b.redis, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

// enqueue puts batch 1 of run 7 in its given generation into queue "news" and returns its id.
func (b bundle) enqueue(t *testing.T, generation int, opts queue.EnqueueOptions) string {
	t.Helper()
	batch := tasks.NewBatch(7, 1, generation)
	if err := b.client.Enqueue(t.Context(), "news", tasks.KindBatch, batch.ID(), batch, opts); err != nil {
		t.Fatal(err)
	}
	return batch.ID()
}

// info asks the engine itself about a task of queue "news"; nil when it is not there.
func (b bundle) info(generation int) *asynq.TaskInfo {
	info, err := b.inspector.GetTaskInfo("news", fmt.Sprintf("7:1:%d", generation))
	if err != nil {
		return nil
	}
	return info
}

func (b bundle) awaitState(t *testing.T, generation int, want asynq.TaskState) *asynq.TaskInfo {
	t.Helper()
	await(t, "the task is "+want.String(), func() bool {
		info := b.info(generation)
		return info != nil && info.State == want
	})
	return b.info(generation)
}

// await polls until a named condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("never came true: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// receive waits for a value.
func receive[V any](t *testing.T, what string, ch <-chan V) V {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(30 * time.Second):
		t.Fatalf("never came: %s", what)
	}
	panic("unreachable")
}

// idle is a handler that does nothing.
func idle(context.Context, queue.Task) (any, error) { return nil, nil }
