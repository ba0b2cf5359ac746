package testkit

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browserLimit bounds everything a test does in the browser.
const browserLimit = 2 * time.Minute

// Chromium returns a chromedp context with a tab of a headless browser with an empty profile, closed at the end of
// the test. The browser talks to nobody but the pages it is sent to.
func Chromium(t testing.TB) context.Context {
	t.Helper()
	path := program(t, "chromium", "chromium", "chromium-browser", "google-chrome")
	flags := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), // containers have a small one
		chromedp.WindowSize(1280, 900),
	}
	limited, done := context.WithTimeout(context.Background(), browserLimit)
	allocator, closeBrowser := chromedp.NewExecAllocator(limited, flags...)
	tab, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		closeTab()
		closeBrowser()
		done()
	})
	return tab
}

// PHP returns the path of the php command.
func PHP(t testing.TB) string {
	t.Helper()
	return program(t, "php-cli php-curl", "php")
}

// program finds the first of names in PATH or ends the test with the package to install.
func program(t testing.TB, pkg string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Missing(t, names[0]+" is not installed: apt-get install "+pkg)
	return ""
}
