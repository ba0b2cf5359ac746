package report_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/whmcsync/whmcsync/internal/report"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// On a phone the whole mail must be seen without moving it sideways, whatever is in it, and a date stays in one piece.
func TestAMailFitsThePhoneAndTheDesk(t *testing.T) {
	t.Parallel()
	in := domains()
	long := strings.Repeat("long", 15) + ".example"
	in.Run.Sync = strings.Repeat("s", 63) // the longest name that a sync may have; it is in the commands
	in.Changes = append(in.Changes,
		because(change(30, 30, long, "next_due", "2026-11-24", "2027-11-24", state.ChangeHeld), strings.Repeat("why", 50)),
		change(31, 31, long, "odd", strings.Repeat("o", 300), strings.Repeat("n", 300), state.ChangeApplied))
	in.Failures = append(in.Failures, failure(32, long, "protocol", "<html>"+strings.Repeat("x", 300), began, 12))
	mail, _, err := report.Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, mail.HTML)
	}))
	t.Cleanup(page.Close)
	tab := testkit.Chromium(t)
	for _, width := range []int64{400, 1280} {
		if err := chromedp.Do(tab, chromedp.EmulateViewport(width, 900), chromedp.Navigate(page.URL)); err != nil {
			t.Fatal(err)
		}
		for what, script := range map[string]string{
			"over the edge":            "document.documentElement.scrollWidth - window.innerWidth",
			"short texts cut in two":   `[...document.querySelectorAll("td.short, td.label")].filter(td => td.firstChild && lines(td.firstChild) > 1).length`,
			"loaded from somewhere":    "performance.getEntriesByType('resource').filter(r => !r.name.endsWith('favicon.ico')).length",
			"short values of no row":   `document.querySelectorAll("td.short").length > 10 ? 0 : 1`,
			"rows that nobody can see": `[...document.querySelectorAll("td")].filter(td => td.offsetHeight === 0).length`,
		} {
			n, err := chromedp.Run(tab, chromedp.Evaluate[int](fmt.Sprintf(`(() => {
				const lines = node => { const r = document.createRange(); r.selectNodeContents(node); return r.getClientRects().length };
				return %s })()`, script)))
			if n != 0 || err != nil {
				t.Errorf("%d wide: %d %s, %v", width, n, what, err)
			}
		}
	}
}
