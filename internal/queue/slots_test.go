package queue_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/queue"
)

func one(cfg *queue.ServerConfig) { cfg.Concurrency = 1 }

func TestConcurrencyHoldsEvenWhenAHandlerOutlivesItsTime(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		var running, most atomic.Int32
		begun, release := make(chan string, 2), make(chan struct{})
		b.serve(t, func(_ context.Context, task queue.Task) (any, error) { // deaf to its context
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			begun <- task.ID
			<-release
			return nil, nil
		}, one)
		b.enqueue(t, 1, queue.EnqueueOptions{Timeout: time.Second})
		receive(t, "the deaf handler", begun)
		b.awaitState(t, 1, asynq.TaskStateRetry) // out of time: the engine has freed its slot
		b.enqueue(t, 2, queue.EnqueueOptions{Timeout: time.Minute})
		b.awaitState(t, 2, asynq.TaskStateActive)
		await(t, "a task that finds no slot is put off, for another worker to take", func() bool {
			info := b.info(2)
			return info.State == asynq.TaskStateRetry && info.Retried == 0
		})
		close(release)
		for range 2 {
			receive(t, "both tasks in the end", begun)
		}
		if most.Load() > 1 {
			t.Errorf("%d handlers at once, the limit is 1", most.Load())
		}
	})
}

func TestTimeoutEndsTheContextAndIsCounted(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		b.serve(t, func(ctx context.Context, _ queue.Task) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		b.enqueue(t, 1, queue.EnqueueOptions{Timeout: time.Second})
		if info := b.awaitState(t, 1, asynq.TaskStateRetry); info.Retried != 1 {
			t.Errorf("counted %d attempts", info.Retried)
		}
	})
}

func TestDrainingIsSeenBeforeShutdown(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		begun := make(chan struct{})
		alive := make(chan bool, 1)
		server := b.serve(t, func(ctx context.Context, _ queue.Task) (any, error) {
			close(begun)
			<-queue.Draining(ctx)
			alive <- ctx.Err() == nil
			return nil, &fault.Error{Class: fault.Held, Op: "stop between records", RetryAfter: time.Second}
		}, one)
		b.enqueue(t, 1, queue.EnqueueOptions{})
		receive(t, "the task", begun)
		b.enqueue(t, 2, queue.EnqueueOptions{}) // must not be begun
		server.Shutdown()
		if !receive(t, "the signal", alive) {
			t.Error("the context ended before the handler was asked to stop")
		}
		if info := b.info(1); info.State != asynq.TaskStateRetry || info.Retried != 0 {
			t.Errorf("handed back as %s with %d attempts counted", info.State, info.Retried)
		}
		if info := b.info(2); info.State == asynq.TaskStateCompleted || info.Retried != 0 {
			t.Errorf("a task was executed while draining: it is %s", info.State)
		}
		done := make(chan string, 2)
		b.serve(t, func(_ context.Context, task queue.Task) (any, error) {
			done <- task.ID
			return nil, nil
		})
		for range 2 {
			receive(t, "both tasks at the next worker", done)
		}
	})
}

func TestShutdownPutsBackWhatDoesNotStop(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		begun, ended := make(chan struct{}), make(chan struct{})
		server := b.serve(t, func(ctx context.Context, _ queue.Task) (any, error) { // deaf to Draining
			close(begun)
			<-ctx.Done()
			<-time.After(500 * time.Millisecond) // tidies up
			close(ended)
			return nil, ctx.Err()
		})
		b.enqueue(t, 1, queue.EnqueueOptions{})
		receive(t, "the task", begun)
		server.Shutdown()
		if info := b.info(1); info.State != asynq.TaskStatePending || info.Retried != 0 {
			t.Errorf("put back as %s with %d attempts counted", info.State, info.Retried)
		}
		select {
		case <-ended:
		default:
			t.Error("Shutdown did not wait for the handler to tidy up")
		}
	})
}

func TestTheEndOfServesContextIsNoFailureOfItsTasks(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), testKey{}, "value"))
		begun, finish := make(chan any), make(chan error)
		server, err := queue.Serve(ctx, b.redis, queue.ServerConfig{
			Queue: "news", Poll: 20 * time.Millisecond, ShutdownTimeout: time.Second,
			Handler: func(ctx context.Context, _ queue.Task) (any, error) {
				begun <- ctx.Value(testKey{})
				<-finish
				return nil, ctx.Err()
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Shutdown)
		b.enqueue(t, 1, queue.EnqueueOptions{})
		if got := receive(t, "the task", begun); got != "value" {
			t.Errorf("the context's value is %v", got)
		}
		cancel()
		finish <- nil
		b.awaitState(t, 1, asynq.TaskStateCompleted)
	})
}

type testKey struct{}

func TestCancelInTheQueuePagesOnlyPutsOff(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		begun := make(chan struct{}, 1)
		b.serve(t, func(ctx context.Context, _ queue.Task) (any, error) {
			begun <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		})
		b.enqueue(t, 1, queue.EnqueueOptions{})
		receive(t, "the task", begun)
		await(t, "the engine hears of the cancellation", func() bool {
			if err := b.inspector.CancelProcessing("7:1:1"); err != nil {
				t.Fatal(err)
			}
			info := b.info(1)
			return info.State == asynq.TaskStateRetry && info.Retried == 1
		})
	})
}
