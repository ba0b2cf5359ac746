package queue_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// childURL is set in the process that TestKilledWorker starts and kills: it makes the test binary a worker.
const childURL = "WHMCSYNC_QUEUE_TEST_CHILD"

// runChild takes tasks of queue "news", says so, and never ends any.
func runChild(url string) {
	r, err := queue.Connect(context.Background(), url, zerolog.Nop())
	if err != nil {
		fmt.Println("child:", err)
		return
	}
	_, err = queue.Serve(context.Background(), r, queue.ServerConfig{
		Queue: "news", Poll: 20 * time.Millisecond, Log: zerolog.Nop(),
		Handler: func(_ context.Context, task queue.Task) (any, error) {
			fmt.Println(task.ID)
			select {}
		},
	})
	if err != nil {
		fmt.Println("child:", err)
		return
	}
	select {}
}

// startChild starts a worker process and returns how to kill it and the ids of the tasks it takes.
func startChild(t *testing.T, url string) (kill func(), taken <-chan string) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childURL+"="+url)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}
	t.Cleanup(kill)
	ids := make(chan string, 10)
	go func() {
		defer close(ids)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			ids <- lines.Text()
		}
	}()
	return kill, ids
}

func TestKilledWorker(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	b := setup(t, url)
	kill, taken := startChild(t, url)
	b.enqueue(t, 1, queue.EnqueueOptions{})
	if got := receive(t, "the child takes the task", taken); got != "7/1/1" {
		t.Fatalf("the child says %q", got)
	}
	kill()

	t.Run("its task stays active, so that only Postgres can tell that it is lost", func(t *testing.T) {
		known, err := b.client.Known(t.Context(), "news", "7/1/1")
		if err != nil || !known {
			t.Errorf("known %v, %v", known, err)
		}
	})
	executed := make(chan queue.Task, 10)
	b.serve(t, func(_ context.Context, task queue.Task) (any, error) {
		executed <- task
		return nil, nil // a worker finds in Postgres that an old generation is stale
	})
	t.Run("the next generation is executed at once", func(t *testing.T) {
		started := time.Now()
		b.enqueue(t, 2, queue.EnqueueOptions{})
		if got := receive(t, "the next generation", executed); got.ID != "7/1/2" {
			t.Errorf("executed %s", got.ID)
		}
		if took := time.Since(started); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
	})
	t.Run("the old one comes back late, counted, and ends", func(t *testing.T) {
		lapsed := redis.Z{Member: "7:1:1", Score: float64(time.Now().Add(-time.Minute).Unix())}
		if err := b.redis.Client().ZAddXX(t.Context(), "asynq:{news}:lease", lapsed).Err(); err != nil {
			t.Fatal(err)
		}
		b.serve(t, func(_ context.Context, task queue.Task) (any, error) { // a server recovers when it starts
			executed <- task
			return nil, nil
		})
		if got := receive(t, "the old generation", executed); got.ID != "7/1/1" || got.Retried != 1 {
			t.Errorf("executed %s, tried again %d times", got.ID, got.Retried)
		}
		b.awaitState(t, 1, asynq.TaskStateCompleted)
	})
}
