package obs

import (
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"github.com/whmcsync/whmcsync/internal/config"
)

// timeFormat is RFC 3339 with milliseconds.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// Logger writes lines to w: for people when w is a terminal or the config says console, else JSON. Times are UTC. An
// unknown or empty level is info. Wrap w with Redact first.
func Logger(cfg config.Log, w io.Writer) zerolog.Logger {
	level, err := zerolog.ParseLevel(cfg.Level)
	if err != nil || level == zerolog.NoLevel {
		level = zerolog.InfoLevel
	}
	if forPeople(cfg.Format, w) {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: timeFormat, TimeLocation: time.UTC, NoColor: !isTerminal(w)}
	}
	return zerolog.New(w).Level(level).Hook(stamp{})
}

func forPeople(format string, w io.Writer) bool {
	switch format {
	case "console":
		return true
	case "json":
		return false
	default:
		return isTerminal(w)
	}
}

func isTerminal(w io.Writer) bool {
	if r, ok := w.(*redactor); ok {
		w = r.out
	}
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// stamp adds the time. The library's own way reads package variables, which belong to nobody.
type stamp struct{}

// Run implements zerolog.Hook.
func (stamp) Run(e *zerolog.Event, _ zerolog.Level, _ string) {
	e.Str(zerolog.TimestampFieldName, time.Now().UTC().Format(timeFormat))
}
