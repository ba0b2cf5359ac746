package queue_test

import (
	"context"
	"testing"

	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

func TestServerSurvivesARedisThatWasKilledAndCameBackEmpty(t *testing.T) {
	t.Parallel()
	server := testkit.PrivateRedis(t)
	b := setup(t, server.URL)
	done := make(chan string, 10)
	b.serve(t, func(_ context.Context, task queue.Task) (any, error) {
		done <- task.ID
		return nil, nil
	})
	b.enqueue(t, 1, queue.EnqueueOptions{})
	receive(t, "a task before the outage", done)
	server.Kill()
	if err := b.redis.Ping(t.Context()); err == nil {
		t.Fatal("the server answers though it was killed")
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.enqueue(t, 2, queue.EnqueueOptions{})
	if got := receive(t, "a task after the outage", done); got != "7/1/2" {
		t.Errorf("executed %s", got)
	}
}
