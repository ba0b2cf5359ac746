package workers

import "time"

// Clock tells the time; nil is the machine's own.
type Clock func() time.Time

// Now is the present moment.
func (c Clock) Now() time.Time {
	if c == nil {
		return time.Now()
	}
	return c()
}
