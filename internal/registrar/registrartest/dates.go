package registrartest

import (
	"slices"
	"testing"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

func (k kit) dates(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"2031-01-01", "2031-12-31", "2032-02-29", "2031-03-30", "2031-10-26"} {
		t.Run(text+" is told as it is printed", func(t *testing.T) { k.printed(t, text) })
	}
	t.Run("no date stays no date", func(t *testing.T) { k.noDay(t, "") })
	for _, text := range []string{"0000-00-00", "0000-00-00 00:00:00", "1970-01-01", "1970-01-01 00:00:00", "1969-12-31T23:59:59Z", "0", "-1", "soon", "2031-02-30"} {
		t.Run(text+" never becomes a day", func(t *testing.T) { k.noDay(t, text) })
	}
}

func allDates(d registrar.Date) registrar.Dates {
	return registrar.Dates{Renewal: d, Expiration: d, Registry: d}
}

func each(d registrar.Dates) []registrar.Date {
	return []registrar.Date{d.Renewal, d.Expiration, d.Registry}
}

func (k kit) printed(t *testing.T, text string) {
	t.Parallel()
	h := k.open(t)
	d := plain("example.com")
	d.Dates = allDates(day(text))
	h.Other.Hold(d)
	told := slices.DeleteFunc(each(h.told(t, d.Name).Dates), func(d registrar.Date) bool { return d == registrar.Date{} })
	if len(told) == 0 {
		t.Error("no date is told at all")
	}
	for _, date := range told {
		same(t, "day", civil.Must(text), date.Day)
	}
}

// noDay looks at listings as well: a day that nobody printed must not come in by either door.
func (k kit) noDay(t *testing.T, text string) {
	t.Parallel()
	h := k.open(t)
	d := plain("example.com")
	d.Dates = allDates(registrar.Date{Text: text})
	h.Other.Hold(d)
	rows := []registrar.Domain{h.get(t, d.Name)}
	if has[registrar.Lister](h) {
		rows = append(rows, h.row(t, d.Name))
	}
	for _, row := range rows {
		for _, date := range each(row.Dates) {
			same(t, "day", civil.Date{}, date.Day)
			if date.Text != "" && date.Text != text {
				t.Errorf("it says that %q stood there", date.Text)
			}
		}
	}
	if h.held(t, d.Name).Dates.Expiration.Text == "soon" {
		same(t, "what stood there", "soon", rows[0].Dates.Expiration.Text)
	}
}
