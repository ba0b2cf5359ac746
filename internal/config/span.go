package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// maxDays keeps days from overflowing a time.Duration.
const maxDays = 36500

var errSpan = errors.New("not a length of time")

// parseSpan takes what time.ParseDuration takes, with days in front: "90d", "1d12h", "30s".
func parseSpan(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	days, rest, found := strings.Cut(text, "d")
	if !found {
		return time.ParseDuration(text)
	}
	count, err := strconv.ParseUint(days, 10, 32)
	if err != nil || count > maxDays {
		return 0, errSpan
	}
	whole := time.Duration(count) * day
	if rest == "" {
		return whole, nil
	}
	part, err := time.ParseDuration(rest)
	if err != nil || part < 0 || part > maxDays*day {
		return 0, errSpan
	}
	return whole + part, nil
}

// showSpan prints whole days as days and leaves zero minutes and seconds out.
func showSpan(d time.Duration) string {
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := strings.TrimSuffix(d.String(), "m0s")
	if len(text) < len(d.String()) {
		text += "m"
	}
	if trimmed := strings.TrimSuffix(text, "h0m"); len(trimmed) < len(text) {
		return trimmed + "h"
	}
	return text
}
