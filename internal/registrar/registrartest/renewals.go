package registrartest

import (
	"context"
	"testing"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

func (k kit) renewals(t *testing.T) {
	t.Parallel()
	t.Run("one is bought for the years asked, and seen at once", k.renewed)
	t.Run("a name that is not there is none", k.renewAbsent)
	t.Run("years that nobody sells are refused without a call", k.renewOddly)
	t.Run("an answer that is lost leaves one renewal, and no second request", k.renewLost)
}

// wantBought asserts how often a name was renewed, and its neighbour never.
func (h Harness) wantBought(t *testing.T, want int) {
	t.Helper()
	till, ok := h.Other.(Till)
	if !ok {
		t.Fatal("the other side of a Renewer must be a Till")
	}
	same(t, "renewals", want, till.Renewals("example.com"))
	same(t, "renewals of the neighbour", 0, till.Renewals("myexample.com"))
}

// later are dates, each told only if it was before, years further on.
func later(d registrar.Dates, years int) registrar.Dates {
	for _, date := range []*registrar.Date{&d.Renewal, &d.Expiration, &d.Registry} {
		if !date.Day.IsZero() {
			date.Day = civil.Of(date.Day.Time().AddDate(years, 0, 0))
		}
	}
	return d
}

func (k kit) renewed(t *testing.T) {
	t.Parallel()
	for _, years := range []int{1, 3} {
		h := k.openSetting(t)
		before := h.get(t, "example.com")
		dates, _, err := power[registrar.Renewer](h).Renew(t.Context(), before, years)
		noError(t, err)
		want := later(before.Dates, years)
		if dates != (registrar.Dates{}) {
			same(t, "the dates that are answered", want, dates)
		}
		same(t, "the dates that are looked up", want, h.get(t, "example.com").Dates)
		h.wantBought(t, 1)
	}
}

func (k kit) renewAbsent(t *testing.T) {
	t.Parallel()
	h := k.openSetting(t)
	d := h.get(t, "example.com")
	h.Other.Remove("example.com")
	_, _, err := power[registrar.Renewer](h).Renew(t.Context(), d, 1)
	if class := fault.ClassOf(err); class != fault.NotFound && class != fault.Rejected {
		t.Errorf("class %q: %v", class, err)
	}
	h.wantBought(t, 0)
}

func (k kit) renewOddly(t *testing.T) {
	t.Parallel()
	h := k.openSetting(t)
	d := h.get(t, "example.com")
	for _, years := range []int{-1, 0, 11} {
		_, _, err := power[registrar.Renewer](h).Renew(t.Context(), d, years)
		wantClass(t, err, fault.Refused)
	}
	h.wantBought(t, 0)
}

func (k kit) renewLost(t *testing.T) {
	t.Parallel()
	h := k.openSetting(t)
	if h.Wire == nil {
		return
	}
	d := h.get(t, "example.com")
	h.Wire.Fail(wiretest.Fault{Kind: wiretest.CutAfter, Times: 1, Writes: true})
	_, _, err := power[registrar.Renewer](h).Renew(t.Context(), d, 1)
	wantClass(t, err, fault.Transient)
	h.wantBought(t, 1)
}

func (h Harness) renewOnce(ctx context.Context) error {
	d, _ := h.Other.Holds("example.com")
	_, _, err := power[registrar.Renewer](h).Renew(ctx, d, 1)
	return err
}
