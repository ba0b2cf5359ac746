package queue_test

import (
	"context"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/rs/zerolog"

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

func TestShutdownAndCloseEndThoughRedisIsGone(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	log := &testkit.Printed{}
	r, err := queue.Connect(t.Context(), "redis://"+mini.Addr(), zerolog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	b := bundle{redis: r, client: queue.NewClient(r), log: log}
	begun := make(chan struct{})
	s := b.serve(t, func(ctx context.Context, _ queue.Task) (any, error) {
		close(begun)
		<-queue.Draining(ctx)
		return nil, nil
	})
	b.enqueue(t, 1, queue.EnqueueOptions{})
	receive(t, "the task", begun)
	mini.Close()
	ended := make(chan error)
	go func() {
		s.Shutdown()
		ended <- r.Close()
	}()
	if err := receive(t, "the end of Shutdown and Close", ended); err != nil {
		t.Error(err)
	}
	await(t, "the engine, left behind, ends without a panic", func() bool {
		return strings.Contains(log.String(), "Exiting")
	})
}
