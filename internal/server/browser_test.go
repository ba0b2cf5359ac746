package server_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/tasks"
)

// tab is a real browser looking at a server.
type tab struct {
	*bundle
	ctx context.Context
	t   *testing.T
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) text() string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body?.innerText ?? ''"))
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

func (b *tab) goTo(path string) { b.t.Helper(); b.do(chromedp.Navigate(b.base + path)) }

// shows waits until the page says all of words.
func (b *tab) shows(words ...string) {
	b.t.Helper()
	testkit.Eventually(b.t, 20*time.Second, func() (bool, string) {
		text := b.text()
		for _, word := range words {
			if !strings.Contains(text, word) {
				return false, "the page does not say " + word + ":\n" + text
			}
		}
		return true, ""
	})
}

// shot keeps a picture for a person to look at, when the environment names a folder for them.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("WHMCSYNC_TEST_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) prefer(scheme string) {
	b.t.Helper()
	wish := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, wish); err != nil {
		b.t.Fatal(err)
	}
}

func TestPagesInARealBrowser(t *testing.T) {
	t.Parallel()
	redis := connect(t)
	b := &tab{t: t, ctx: testkit.Chromium(t)}
	b.bundle = setup(t, func(_ *server.Config, d *server.Deps) {
		d.Queues = server.Queues{Operator: queue.UI(redis, "/queues", false), Viewer: queue.UI(redis, "/queues", true)}
	})
	now := b.clock.Now()
	b.fake.set(func(f *fakeDeps) { f.status, f.runs, f.failures = sample(now), sampleRuns(now), sampleFailures(now) })
	enqueue(t, redis, 12)

	b.goTo("/failures?sync=newsletter")
	b.shows("Sign in")
	b.shot("login")
	b.do(chromedp.SendKeys("input[name=name]", "bob"), chromedp.SendKeys("input[name=password]", "bob's password"), chromedp.Click("form.login button"))
	b.shows("Open failures of newsletter", "o'brien+news@example.com", "is <b>not</b> valid")
	b.shot("failures")

	b.goTo("/")
	b.shows("6,250", "10,000", "whmcsync approve 39", "the API key was refused", "news asked us to wait", "bob", "operator")
	b.shot("status")
	b.styled()
	b.prefer("dark")
	b.shot("status-dark")
	b.do(chromedp.EmulateViewport(400, 900))
	b.fits()
	b.shot("status-narrow")
	b.do(chromedp.EmulateViewport(1280, 900))
	b.goTo("/runs")
	b.shows("pass", "the listing shrank")
	b.shot("runs-dark")
	b.prefer("light")

	b.goTo("/queues/")
	b.shows("Queues", "news", "12")
	b.shot("queues")
	b.goTo("/queues/queues/news?status=pending")
	b.shows("44:3:1")
	b.shot("queues-tasks")
	b.do(chromedp.EmulateViewport(400, 900))
	b.shot("queues-narrow")
	b.do(chromedp.EmulateViewport(1280, 900), chromedp.Click("a#whmcsync"))
	b.shows("6,250", "whmcsync approve 39")

	b.do(chromedp.Click("header form button"))
	b.shows("Sign in")
	b.goTo("/")
	b.shows("Password")
}

// styled says that the style sheet passed the content policy: without it the header is transparent.
func (b *tab) styled() {
	b.t.Helper()
	color, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("getComputedStyle(document.querySelector('header')).backgroundColor"))
	if err != nil || color == "rgba(0, 0, 0, 0)" {
		b.t.Errorf("the page is not styled: header is %q, %v", color, err)
	}
}

// fits says that a small screen does not have to be scrolled sideways.
func (b *tab) fits() {
	b.t.Helper()
	over, err := chromedp.Run(b.ctx, chromedp.Evaluate[int]("document.documentElement.scrollWidth - window.innerWidth"))
	if err != nil || over > 0 {
		b.t.Errorf("the page is %d pixels too wide, %v", over, err)
	}
}

func connect(t *testing.T) *queue.Redis {
	t.Helper()
	redis, err := queue.Connect(t.Context(), testkit.Redis(t), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = redis.Close() })
	return redis
}

func enqueue(t *testing.T, redis *queue.Redis, n int64) {
	t.Helper()
	client := queue.NewClient(redis)
	for i := range n {
		batch := tasks.NewBatch(44, i+1, 1)
		if err := client.Enqueue(t.Context(), "news", tasks.KindBatch, batch.ID(), batch, queue.EnqueueOptions{Timeout: time.Minute}); err != nil {
			t.Fatal(err)
		}
	}
}
