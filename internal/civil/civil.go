package civil

import (
	"fmt"
	"time"
)

// Date is a day of the calendar. The zero value is "no date". Dates compare with == and Compare.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Of returns the day that t shows in its own zone.
func Of(t time.Time) Date {
	year, month, day := t.Date()
	return Date{year, month, day}
}

// Parse reads YYYY-MM-DD; anything behind a blank or a T is a clock and is cut off, not converted. A day that is not in
// the calendar is an error; "", 0000-00-00 and the like are the zero Date.
func Parse(text string) (Date, error) {
	if isNone(text) {
		return Date{}, nil
	}
	if len(text) > 10 && (text[10] == ' ' || text[10] == 'T') {
		text = text[:10]
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date", text)
	}
	return Of(t), nil
}

func isNone(text string) bool {
	return text == "" || len(text) >= 10 && text[:10] == "0000-00-00"
}

// Must is Parse for dates of our own making.
func Must(text string) Date {
	d, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return d
}

// IsZero says that there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String writes YYYY-MM-DD, "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// Time is the begin of the day in UTC.
func (d Date) Time() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// AddDays returns the day n days later (earlier when n is negative). No date stays no date.
func (d Date) AddDays(n int) Date {
	if d.IsZero() {
		return d
	}
	return Of(d.Time().AddDate(0, 0, n))
}

// DaysSince returns how many days d is after other; negative when it is before.
func (d Date) DaysSince(other Date) int {
	return int(d.Time().Sub(other.Time()) / (24 * time.Hour))
}

// Before says whether d is an earlier day than other.
func (d Date) Before(other Date) bool { return d.Compare(other) < 0 }

// After says whether d is a later day than other.
func (d Date) After(other Date) bool { return d.Compare(other) > 0 }

// Compare is -1, 0 or 1, as d is before, equal to or after other.
func (d Date) Compare(other Date) int { return d.Time().Compare(other.Time()) }

// MarshalText writes as String does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads as Parse does.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = Parse(string(text))
	return err
}
