package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/tasks"
)

func TestEnqueue(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		for range 3 {
			b.enqueue(t, 1, queue.EnqueueOptions{})
		}
		b.enqueue(t, 2, queue.EnqueueOptions{At: time.Now().Add(time.Hour)})
		depths, err := b.client.Depths(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if latency := depths["news"].LatencySeconds; latency < 0 || latency > 60 {
			t.Errorf("latency of a task enqueued just now is %v", latency)
		}
		want := map[string]queue.Depth{"news": {Pending: 1, Scheduled: 1, LatencySeconds: depths["news"].LatencySeconds}}
		if diff := cmp.Diff(want, depths); diff != "" {
			t.Errorf("an id enqueued three times must be one task:\n%s", diff)
		}
		info := b.info(1)
		if info.MaxRetry != 1000 || info.Timeout != 10*time.Minute || info.Retention != 24*time.Hour {
			t.Errorf("defaults are %d retries, timeout %s, retention %s", info.MaxRetry, info.Timeout, info.Retention)
		}
	})
}

func TestEnqueueRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, queue.Embedded)
	batch := tasks.NewBatch(7, 1, 1)
	for name, enqueue := range map[string]func() error{
		"a timeout that the engine would round down to none": func() error {
			opts := queue.EnqueueOptions{Timeout: 500 * time.Millisecond}
			return b.client.Enqueue(t.Context(), "news", tasks.KindBatch, batch.ID(), batch, opts)
		},
		"a payload that holds more than ids": func() error {
			return b.client.Enqueue(t.Context(), "news", tasks.KindBatch, "7/1/1", make([]byte, 1000), queue.EnqueueOptions{})
		},
		"a queue name with a brace": func() error {
			return b.client.Enqueue(t.Context(), "ne{ws", tasks.KindBatch, "7/1/1", batch, queue.EnqueueOptions{})
		},
		"an empty id": func() error {
			return b.client.Enqueue(t.Context(), "news", tasks.KindBatch, "", batch, queue.EnqueueOptions{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := enqueue(); !fault.Is(err, fault.Refused) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPayloadsAreTiny(t *testing.T) {
	// The payload of each running task is written again every 5 s.
	everywhere(t, func(t *testing.T, b bundle) {
		b.enqueue(t, 1, queue.EnqueueOptions{})
		if size := len(b.info(1).Payload); size > 100 {
			t.Errorf("a batch's payload has %d bytes", size)
		}
	})
}

func TestKnown(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		known := func(generation int) bool {
			t.Helper()
			yes, err := b.client.Known(t.Context(), "news", tasks.NewBatch(7, 1, generation).ID())
			if err != nil {
				t.Fatal(err)
			}
			return yes
		}
		if known(1) {
			t.Error("an absent task is known")
		}
		b.enqueue(t, 1, queue.EnqueueOptions{At: time.Now().Add(time.Second)})
		if !known(1) {
			t.Error("a scheduled task is not known")
		}
		working, finish := make(chan error), make(chan error)
		b.serve(t, func(context.Context, queue.Task) (any, error) {
			working <- nil
			return nil, <-finish
		})
		receive(t, "the task is executed", working)
		if !known(1) {
			t.Error("an active task is not known")
		}
		finish <- fault.New(fault.Transient, "news", "upsert", "cut connection")
		b.awaitState(t, 1, asynq.TaskStateRetry)
		if !known(1) {
			t.Error("a task in retry is not known")
		}
		receive(t, "the task is executed again", working)
		finish <- nil
		b.awaitState(t, 1, asynq.TaskStateCompleted)
		if known(1) {
			t.Error("a completed task is known")
		}
		b.enqueue(t, 2, queue.EnqueueOptions{})
		receive(t, "the next generation is executed", working)
		finish <- fault.New(fault.Refused, "news", "upsert", "broken record")
		b.awaitState(t, 2, asynq.TaskStateArchived)
		if known(2) {
			t.Error("an archived task is known")
		}
	})
}

func TestAFinishedTaskHoldsItsID(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		done := make(chan string, 10)
		b.serve(t, func(_ context.Context, task queue.Task) (any, error) {
			done <- task.ID
			return nil, nil
		})
		b.enqueue(t, 1, queue.EnqueueOptions{})
		receive(t, "generation 1", done)
		b.awaitState(t, 1, asynq.TaskStateCompleted)
		b.enqueue(t, 1, queue.EnqueueOptions{}) // swallowed
		b.enqueue(t, 2, queue.EnqueueOptions{})
		if got := receive(t, "generation 2", done); got != "7/1/2" {
			t.Errorf("executed %s, want the next generation only", got)
		}
	})
}

func TestQueueIsRegisteredAgainAfterDataLoss(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		b.enqueue(t, 1, queue.EnqueueOptions{})
		if err := b.redis.Client().FlushDB(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		b.enqueue(t, 2, queue.EnqueueOptions{}) // the same client, which believes that the queue is registered
		known, err := b.client.Known(t.Context(), "news", "7/1/2")
		if err != nil || !known {
			t.Errorf("a task of an unregistered queue must be known all the same: %v, %v", known, err)
		}
		if info := b.info(2); info != nil {
			t.Fatal("the engine registered the queue itself: Register is not needed any more")
		}
		if err := b.client.Register(t.Context(), []string{"news", "events"}); err != nil {
			t.Fatal(err)
		}
		if info := b.info(2); info == nil {
			t.Error("the engine still says that there is no such queue")
		}
		depths, err := b.client.Depths(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]queue.Depth{
			"news": {Pending: 1, LatencySeconds: depths["news"].LatencySeconds}, "events": {},
		}
		if diff := cmp.Diff(want, depths); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSweepOrphans(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		const lease, active, leaseless = "asynq:{news}:lease", "asynq:{news}:active", "7:1:1"
		begun, end := make(chan string, 2), make(chan struct{})
		b.serve(t, func(ctx context.Context, task queue.Task) (any, error) {
			begun <- task.ID
			select {
			case <-end:
			case <-queue.Draining(ctx):
			}
			return nil, nil
		})
		b.enqueue(t, 1, queue.EnqueueOptions{})
		receive(t, "the task", begun)
		sweep := func() int {
			t.Helper()
			n, err := b.client.SweepOrphans(t.Context(), "news")
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := sweep(); n != 0 {
			t.Errorf("swept %d tasks that have a lease", n)
		}
		rdb := b.redis.Client()
		rdb.ZRem(t.Context(), lease, leaseless) // evicted
		rdb.LPush(t.Context(), active, "9:9:9") // and one whose data is gone too
		if n := sweep(); n != 2 {
			t.Errorf("swept %d, want the orphan and the empty shell", n)
		}
		if got := receive(t, "the orphan again", begun); got != "7/1/1" {
			t.Errorf("executed %s", got)
		}
		if n := rdb.Exists(t.Context(), "asynq:{news}:t:9:9:9").Val(); n != 0 {
			t.Error("the shell was brought to life")
		}
		close(end)
	})
}
