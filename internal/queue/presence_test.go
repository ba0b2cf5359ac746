package queue_test

import (
	"testing"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

func TestWorkersAreCountedByProcessWhileTheyServe(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	b := setup(t, url)
	count := func() int {
		t.Helper()
		n, err := b.client.Workers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 0 {
		t.Errorf("nobody serves, yet %d", n)
	}
	news := b.serve(t, idle)
	events := b.serve(t, idle, func(cfg *queue.ServerConfig) { cfg.Queue = "events" })
	await(t, "two servers of one process count once", func() bool { return count() == 1 })
	startChild(t, url)
	await(t, "a second process counts too", func() bool { return count() == 2 })
	news.Shutdown()
	events.Shutdown()
	if n := count(); n != 1 {
		t.Errorf("%d workers, want the other process", n)
	}
}

func TestURLLetsOtherProcessesInToTheEmbeddedServer(t *testing.T) {
	t.Parallel()
	b := setup(t, queue.Embedded)
	guest, err := queue.Connect(t.Context(), b.redis.URL(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	if guest.URL() != "" {
		t.Error("a server outside must keep its URL, and the password in it, to itself")
	}
	if err := queue.NewClient(guest).Register(t.Context(), []string{"news"}); err != nil {
		t.Fatal(err)
	}
	depths, err := b.client.Depths(t.Context())
	if _, there := depths["news"]; err != nil || !there {
		t.Errorf("they do not share one server: %v, %v", depths, err)
	}
}
