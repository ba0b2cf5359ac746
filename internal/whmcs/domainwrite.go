package whmcs

import (
	"errors"
	"fmt"

	"github.com/whmcsync/whmcsync/internal/civil"
)

// The first day that is taken for a date of a domain, and how many years ahead the last one lies.
const (
	firstYear  = 1990
	yearsAhead = 30
)

// Check says in a plain sentence what forbids the write on the day given, nil when nothing does. It looks at what
// would be written only: what is odd in a row and stays as it is forbids nothing.
func (w DomainWrite) Check(today civil.Date) error {
	switch {
	case w.ID <= 0:
		return errors.New("it names no domain")
	case w.Old == w.New:
		return errors.New("there is nothing to write")
	case w.Old.Status != w.New.Status && !w.New.Status.Valid():
		return fmt.Errorf("%q is not a status of a domain", w.New.Status)
	}
	for _, field := range []struct {
		name     string
		old, day civil.Date
	}{
		{"expiry", w.Old.Expiry, w.New.Expiry},
		{"next due date", w.Old.NextDue, w.New.NextDue},
		{"next invoice date", w.Old.NextInvoice, w.New.NextInvoice},
	} {
		if field.old == field.day {
			continue
		}
		if err := plausible(field.day, today); err != nil {
			return fmt.Errorf("the %s %w", field.name, err)
		}
	}
	return nil
}

// Switches says whether auto-renew or ID protection would be written.
func (w DomainWrite) Switches() bool {
	return w.Old.DoNotRenew != w.New.DoNotRenew || w.Old.IDProtection != w.New.IDProtection
}

func plausible(day, today civil.Date) error {
	limit := civil.Of(today.Time().AddDate(yearsAhead, 0, 0))
	switch {
	case day.IsZero():
		return errors.New("would be unset")
	case civil.Of(day.Time()) != day:
		return fmt.Errorf("%s is not in the calendar", day)
	case day.Year < firstYear:
		return fmt.Errorf("%s is before %d", day, firstYear)
	case day.After(limit):
		return fmt.Errorf("%s is more than %d years ahead", day, yearsAhead)
	}
	return nil
}
