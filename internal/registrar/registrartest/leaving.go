package registrartest

import (
	"slices"
	"testing"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

func departure(status registrar.Status) registrar.Departure {
	d := registrar.Departure{Status: status, Day: civil.Must("2026-03-30")}
	if status == registrar.Lapsed {
		d.GraceUntil, d.RedemptionUntil = civil.Must("2031-05-01"), civil.Must("2031-06-01")
	}
	return d
}

func (k kit) leaving(t *testing.T) {
	t.Parallel()
	for _, status := range []registrar.Status{registrar.TransferredAway, registrar.Deleted, registrar.Lapsed} {
		t.Run(string(status)+" is never told as held", func(t *testing.T) {
			t.Parallel()
			h := k.open(t)
			h.Other.Hold(plain("left.com"), plain("stays.com"))
			h.Other.Depart("left.com", departure(status))
			h.wantGone(t, "left.com", status)
			h.told(t, "stays.com")
		})
	}
}

// wantGone lets a vendor choose: it may forget the name, or tell it with the status it left with.
func (h Harness) wantGone(t *testing.T, name registrar.Name, status registrar.Status) {
	t.Helper()
	d, err := h.Registrar.Get(t.Context(), name)
	if err == nil {
		same(t, "status", status, d.Status)
	} else {
		wantClass(t, err, fault.NotFound)
	}
	if !has[registrar.Lister](h) {
		return
	}
	for _, row := range flat(walk(t, power[registrar.Lister](h), "", nil)) {
		if row.Name == name {
			same(t, "listed status", status, row.Status)
		}
	}
}

func (k kit) evidence(t *testing.T) {
	t.Parallel()
	traces := k.open(t).Traces
	if len(traces) == 0 {
		t.Error("the vendor remembers, but its harness names no departure that leaves a trace")
	}
	for _, status := range traces {
		t.Run(string(status)+" is proven where a trace is kept", func(t *testing.T) { k.proven(t, status) })
	}
	t.Run("no trace is no evidence", k.noEvidence)
	t.Run("a name that came back has not left", k.cameBack)
}

func (k kit) proven(t *testing.T, status registrar.Status) {
	t.Parallel()
	h := k.open(t)
	h.Other.Hold(plain("left.com"), plain("left.com.co"), plain("stays.com"))
	want := departure(status)
	h.Other.Depart("left.com", want)
	got, err := power[registrar.Historian](h).Departed(t.Context(), "left.com")
	noError(t, err)
	same(t, "status", status, got.Status)
	for _, told := range []struct{ want, got civil.Date }{
		{want.Day, got.Day}, {want.GraceUntil, got.GraceUntil}, {want.RedemptionUntil, got.RedemptionUntil},
	} {
		if !told.got.IsZero() {
			same(t, "day", told.want, told.got)
		}
	}
}

func (k kit) noEvidence(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Hold(plain("held.com"), plain("vanished.com"), plain("myleft.com"))
	h.Other.Remove("vanished.com")
	h.Other.Depart("myleft.com", departure(h.trace()))
	for _, name := range []registrar.Name{"held.com", "vanished.com", "never.com", "left.com"} {
		_, err := power[registrar.Historian](h).Departed(t.Context(), name)
		wantClass(t, err, fault.NotFound)
	}
}

func (k kit) cameBack(t *testing.T) {
	t.Parallel()
	for _, status := range k.open(t).Traces {
		h := k.open(t)
		h.Other.Hold(plain("example.com"))
		h.Other.Depart("example.com", departure(status))
		h.Other.Hold(plain("example.com"))
		_, err := power[registrar.Historian](h).Departed(t.Context(), "example.com")
		wantClass(t, err, fault.NotFound)
	}
}

// trace is a departure that is remembered, if any is.
func (h Harness) trace() registrar.Status {
	return slices.Concat(h.Traces, []registrar.Status{registrar.TransferredAway})[0]
}

func (k kit) testimony(t *testing.T) {
	t.Parallel()
	for _, name := range []registrar.Name{"example.com", "xn--bcher-kva.com"} {
		t.Run(string(name)+" is known to be registered", func(t *testing.T) { k.registered(t, name) })
	}
	t.Run("a name that is not registered is no error", func(t *testing.T) {
		t.Parallel()
		h := k.open(t)
		h.Other.Hold(plain("myexample.com"))
		got, err := power[registrar.Witness](h).Testify(t.Context(), "example.com")
		noError(t, err)
		if got.Registered {
			t.Errorf("it is said to be registered: %+v", got)
		}
	})
}

func (k kit) registered(t *testing.T, name registrar.Name) {
	t.Parallel()
	h := k.open(t)
	h.Other.Hold(plain(name))
	got, err := power[registrar.Witness](h).Testify(t.Context(), name)
	noError(t, err)
	if !got.Registered {
		t.Error("it is said not to be registered")
	}
	if got.Registry != (registrar.Date{}) {
		same(t, "day at the registry", h.held(t, name).Dates.Registry, got.Registry)
	}
}
