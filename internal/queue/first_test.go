package queue_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/tasks"
)

func TestATaskThatWaitedOnceIsTakenFirst(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		want := []string{b.enqueue(t, 4, queue.EnqueueOptions{})}
		want = append(want, b.enqueue(t, 5, queue.EnqueueOptions{}))
		want = append([]string{b.enqueue(t, 6, queue.EnqueueOptions{First: true})}, want...)
		taken := make(chan string, len(want))
		b.serve(t, func(_ context.Context, task queue.Task) (any, error) {
			taken <- task.ID
			return nil, nil
		}, func(cfg *queue.ServerConfig) { cfg.Concurrency = 1 })
		var got []string
		for range want {
			got = append(got, receive(t, "a task", taken))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestATaskThatGoesFirstIsStillOne(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		b.enqueue(t, 1, queue.EnqueueOptions{})
		b.enqueue(t, 1, queue.EnqueueOptions{First: true})
		depths, err := b.client.Depths(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n := depths["news"].Pending; n != 1 {
			t.Errorf("%d tasks wait", n)
		}
		if known, err := b.client.Known(t.Context(), "news", tasks.NewBatch(7, 1, 1).ID()); err != nil || !known {
			t.Errorf("known is %v, %v", known, err)
		}
	})
}
