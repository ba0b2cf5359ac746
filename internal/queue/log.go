package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"
)

// engineLogger passes the queue engine's lines on. They are sentences with values inside, so the sentence goes into a
// key; its chatter about starting and stopping counts as debug.
type engineLogger struct{ log zerolog.Logger }

func (l engineLogger) Debug(args ...any) { l.line(l.log.Trace(), args) }
func (l engineLogger) Info(args ...any)  { l.line(l.log.Debug(), args) }
func (l engineLogger) Warn(args ...any)  { l.line(l.log.Warn(), args) }
func (l engineLogger) Error(args ...any) { l.line(l.log.Error(), args) }

// Fatal only logs: ending the program is not a library's decision.
func (l engineLogger) Fatal(args ...any) { l.line(l.log.Error(), args) }

func (engineLogger) line(event *zerolog.Event, args []any) {
	event.Str("detail", fmt.Sprint(args...)).Msg("queue engine said something")
}

// clientLogger passes the Redis client's lines on for those who debug, and one in a while: while Redis is gone it writes
// several a second. What they are about comes back as an error too, which a command or a role tells in its own words.
type clientLogger struct{ log zerolog.Logger }

func newClientLogger(log zerolog.Logger) clientLogger {
	return clientLogger{log.Sample(&zerolog.BurstSampler{Burst: 1, Period: 10 * time.Second})}
}

func (l clientLogger) Printf(_ context.Context, format string, args ...any) {
	l.log.Debug().Str("detail", fmt.Sprintf(format, args...)).Msg("redis client said something")
}
