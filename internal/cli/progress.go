package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
)

// progress shows how far a run is: a bar on a terminal, a plain line now and then elsewhere.
type progress struct {
	out     io.Writer
	bar     *progressbar.ProgressBar
	silent  bool
	printed time.Time
	closed  bool
}

// plainEvery is how often a line is printed where there is no terminal.
const plainEvery = 5 * time.Second

func newProgress(out io.Writer, silent bool) *progress {
	p := &progress{out: out, silent: silent, printed: time.Now()}
	if file, ok := out.(*os.File); ok && !silent && term.IsTerminal(int(file.Fd())) {
		p.bar = progressbar.NewOptions64(-1,
			progressbar.OptionSetWriter(out), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("records"), progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth(),
			progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

func (p *progress) show(run server.Run) {
	done := run.Counts[state.CountRecords]
	switch {
	case p.silent || p.closed:
	case p.bar != nil:
		p.bar.Describe(describe(run))
		if run.Total > 0 && p.bar.GetMax64() != run.Total {
			p.bar.ChangeMax64(run.Total)
		}
		_ = p.bar.Set64(min(done, max(run.Total, done)))
	case time.Since(p.printed) >= plainEvery:
		p.printed = time.Now()
		perSecond := float64(done) / time.Since(run.Started).Seconds()
		fmt.Fprintf(p.out, "%s: %d of %d records, %.0f/s%s\n", describe(run), done, run.Total, perSecond, timeLeft(run.Total-done, perSecond))
	}
}

// timeLeft is how long the rest takes at this pace; "" when there is none, or nobody can tell.
func timeLeft(rest int64, perSecond float64) string {
	if rest <= 0 || perSecond <= 0 {
		return ""
	}
	return ", " + server.Span(time.Duration(float64(rest)/perSecond*float64(time.Second))) + " left"
}

func describe(run server.Run) string {
	text := fmt.Sprintf("%s run %d %s", run.Sync, run.ID, run.State)
	if failed := run.Counts[state.CountFailed]; failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	return text
}

func (p *progress) close() {
	if p.bar != nil && !p.closed {
		_ = p.bar.Finish()
	}
	p.closed = true
}
