package bench

import (
	"fmt"
	"strconv"
	"time"
)

// Report is all that one run of the benchmark measured.
type Report struct {
	Machine Machine       `json:"machine"`
	Began   time.Time     `json:"began"`
	Seconds float64       `json:"seconds"`
	Records []int         `json:"records"`
	Durable bool          `json:"durable"` // the servers waited for the disk as in production
	Results []Measurement `json:"results"`
}

// Measurement is one line of the table.
type Measurement struct {
	Key       string  `json:"key"`  // stable, for programs
	What      string  `json:"what"` // for people
	Unit      string  `json:"unit"`
	Value     float64 `json:"value"`
	Yardstick float64 `json:"yardstick,omitempty"` // in the same unit; 0 = none
	Ratio     float64 `json:"ratio,omitempty"`     // Value / Yardstick
	Goal      string  `json:"goal,omitempty"`
	Met       *bool   `json:"met,omitempty"` // absent without a goal
}

// within is a measurement that must not exceed a limit.
func within(m Measurement, limit float64) Measurement {
	met := m.Value <= limit
	m.Goal, m.Met = "at most "+number(limit)+" "+m.Unit, &met
	return m
}

// compared is a measurement whose part of the yardstick must not fall below a limit; 0 = no limit.
func compared(m Measurement, yardstick, limit float64) Measurement {
	m.Yardstick, m.Ratio = yardstick, m.Value/yardstick
	if limit > 0 {
		met := m.Ratio >= limit
		m.Goal, m.Met = "at least "+number(limit)+" of the yardstick", &met
	}
	return m
}

// Text is the value as people read it.
func (m Measurement) Text() string { return number(m.Value) + " " + m.Unit }

// YardstickText is the yardstick's value as people read it.
func (m Measurement) YardstickText() string { return number(m.Yardstick) + " " + m.Unit }

// number keeps three digits that matter and groups thousands.
func number(v float64) string {
	switch {
	case v >= 1000:
		return grouped(int64(v + 0.5))
	case v >= 100 || v == float64(int64(v)):
		return strconv.FormatInt(int64(v+0.5), 10)
	default:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
}

func grouped(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}
