package config

import (
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// badSchedule takes what the scheduler takes: five cron fields, @daily and the like, @every.
func badSchedule(value string) string {
	// The library reads these prefixes itself, and trips over one without a blank after it.
	if strings.HasPrefix(value, "TZ=") || strings.HasPrefix(value, "CRON_TZ=") {
		return "must not begin with a time zone: use the key timezone"
	}
	parsed, err := cron.ParseStandard(value)
	if err != nil {
		return `must be five cron fields or @every: write e.g. "30 3 * * *" or "@every 24h"`
	}
	if every, ok := strings.CutPrefix(value, "@every "); ok {
		return badEvery(every)
	}
	// A fixed day keeps the answer the same on every day; within five years each real date comes.
	if parsed.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return "names a day that never comes"
	}
	return ""
}

// badEvery refuses what the library would silently raise to one second.
func badEvery(text string) string {
	if every, err := time.ParseDuration(text); err != nil || every < time.Second {
		return "must be at least one second: write e.g. @every 24h"
	}
	return ""
}
