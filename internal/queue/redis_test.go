package queue_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/queue"
)

func TestConnectFails(t *testing.T) {
	t.Parallel()
	guarded := miniredis.RunT(t)
	guarded.RequireAuth("right")
	for _, tc := range []struct {
		name string
		url  string
		want fault.Class
	}{
		{"refused credentials are Auth", "redis://:s3cret@" + guarded.Addr(), fault.Auth},
		{"no credentials are Auth", "redis://" + guarded.Addr(), fault.Auth},
		{"nobody there is Transient", "redis://:s3cret@127.0.0.1:1", fault.Transient},
		{"a bad URL is Refused", "redis://:s3cret@127.0.0.1:1/x", fault.Refused},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := queue.Connect(t.Context(), tc.url, zerolog.Nop())
			if !fault.Is(err, tc.want) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the password is in the error: %v", err)
			}
		})
	}
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	b := setup(t, queue.Embedded)
	if !b.redis.Embedded() {
		t.Error("it does not know that it is embedded")
	}
	if got := b.redis.Warnings(t.Context()); len(got) > 0 {
		t.Errorf("warns about itself: %v", got)
	}
	t.Run("wants its password", func(t *testing.T) {
		opt, ok := b.redis.ConnOpt().(asynq.RedisClientOpt)
		if !ok || !strings.HasPrefix(opt.Addr, "127.0.0.1:") {
			t.Fatalf("listens on %q", opt.Addr)
		}
		if _, err := queue.Connect(t.Context(), "redis://"+opt.Addr, zerolog.Nop()); !fault.Is(err, fault.Auth) {
			t.Errorf("let in without a password: %v", err)
		}
	})
	t.Run("lets keys expire", func(t *testing.T) {
		rdb := b.redis.Client()
		if err := rdb.Set(t.Context(), "limit", 1, time.Second).Err(); err != nil {
			t.Fatal(err)
		}
		await(t, "the key expires", func() bool { return rdb.Exists(t.Context(), "limit").Val() == 0 })
	})
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, policy, version string
		want                  []string
	}{
		{"a server that keeps everything is fine", "noeviction", "7.2.4", nil},
		{"nothing is said where CONFIG and INFO are forbidden", "", "", nil},
		{"eviction is warned about", "allkeys-lru", "6.2.0", []string{
			"Redis may evict tasks when its memory is full: set maxmemory-policy to noeviction (it is allkeys-lru)",
		}},
		{"an old server is warned about", "noeviction", "6.0.16", []string{
			"Redis 6.0.16 is too old: 6.2 or newer is needed",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, "redis://"+settings(t, tc.policy, tc.version))
			if diff := cmp.Diff(tc.want, b.redis.Warnings(t.Context())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// settings is the address of a server that says what CONFIG and INFO are told to say; "" = it refuses.
func settings(t *testing.T, policy, version string) string {
	t.Helper()
	s, err := server.NewServer("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	answer := func(command, value string, write func(c *server.Peer)) {
		handler := func(c *server.Peer, _ string, _ []string) {
			if value == "" {
				c.WriteError("NOPERM this user has no permissions")
				return
			}
			write(c)
		}
		if err := s.Register(command, handler); err != nil {
			t.Fatal(err)
		}
	}
	answer("PING", "PONG", func(c *server.Peer) { c.WriteInline("PONG") })
	answer("CONFIG", policy, func(c *server.Peer) { c.WriteStrings([]string{"maxmemory-policy", policy}) })
	answer("INFO", version, func(c *server.Peer) { c.WriteBulk("# Server\r\nredis_version:" + version + "\r\n") })
	return s.Addr().String()
}

type health chan bool

func (h health) RedisUp(up bool) { h <- up }

func TestHealthIsTold(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	b := setup(t, "redis://"+mini.Addr())
	h := make(health, 10)
	b.serve(t, idle, func(cfg *queue.ServerConfig) { cfg.Metrics = h })
	if !receive(t, "the first check", h) {
		t.Error("down, though it answers")
	}
	mini.SetError("LOADING Redis is loading the dataset in memory")
	if receive(t, "a check", h) {
		t.Error("up, though it answers with errors only")
	}
	mini.SetError("")
	if !receive(t, "a check", h) {
		t.Error("down, though it is back")
	}
}

func TestUI(t *testing.T) {
	everywhere(t, func(t *testing.T, b bundle) {
		b.serve(t, idle)
		b.enqueue(t, 1, queue.EnqueueOptions{})
		b.awaitState(t, 1, asynq.TaskStateCompleted)
		pages := queue.UI(b.redis, "/queues", true)
		get := func(method, path string) (int, string) {
			w := httptest.NewRecorder()
			pages.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
			body, _ := io.ReadAll(w.Body)
			return w.Code, string(body)
		}
		for path, want := range map[string]string{
			"/queues/":           "<title>",
			"/queues/api/queues": `"queue":"news"`,
			"/queues/api/queues/news/completed_tasks": `"id":"7:1:1"`,
			"/queues/api/queues/news/tasks/7:1:1":     `\"outcome\":\"done\"`,
			"/queues/api/servers":                     `"news":1`,
		} {
			if code, body := get(http.MethodGet, path); code != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("%s answers %d, without %s: %.300s", path, code, want, body)
			}
		}
		if code, _ := get(http.MethodPost, "/queues/api/queues/news:pause"); code != http.StatusMethodNotAllowed {
			t.Errorf("read-only pages paused the queue: %d", code)
		}
	})
}
