package registrartest

import (
	"context"
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

// setting is what AutoRenewer and Protector have in common.
type setting struct {
	set  func(h Harness) func(ctx context.Context, d registrar.Domain, on bool) ([]string, error)
	read func(d registrar.Domain) registrar.Tri
}

var autoRenewal = setting{
	set: func(h Harness) func(context.Context, registrar.Domain, bool) ([]string, error) {
		return power[registrar.AutoRenewer](h).SetAutoRenew
	},
	read: func(d registrar.Domain) registrar.Tri { return d.AutoRenew },
}

var idProtection = setting{
	set: func(h Harness) func(context.Context, registrar.Domain, bool) ([]string, error) {
		return power[registrar.Protector](h).SetPrivacy
	},
	read: func(d registrar.Domain) registrar.Tri { return d.Privacy },
}

func (k kit) autoRenew(t *testing.T) {
	t.Parallel()
	k.switched(t, autoRenewal)
}

func (k kit) privacy(t *testing.T) {
	t.Parallel()
	k.switched(t, idProtection)
	t.Run("it is rejected where the extension does not allow it", k.privacyDenied)
}

func (k kit) switched(t *testing.T, s setting) {
	t.Helper()
	t.Run("it is switched on and off, and seen at once", func(t *testing.T) { k.onAndOff(t, s) })
	t.Run("setting what is set already does no harm", func(t *testing.T) { k.setTwice(t, s) })
	t.Run("it can be switched for a domain as it was listed", func(t *testing.T) { k.setListed(t, s) })
	t.Run("a write that was cut off after it was done can be repeated", func(t *testing.T) { k.cutAfterWrite(t, s) })
}

// wantSet asserts that both sides say the same, and that the neighbour was left alone.
func (h Harness) wantSet(t *testing.T, s setting, want registrar.Tri) {
	t.Helper()
	same(t, "as the account has it", want, s.read(h.held(t, "example.com")))
	same(t, "as it is looked up", want, s.read(h.get(t, "example.com")))
	same(t, "the neighbour", registrar.Off, s.read(h.held(t, "myexample.com")))
	same(t, "writes to the neighbour", 0, h.Other.Writes("myexample.com"))
}

func (k kit) openSetting(t *testing.T) Harness {
	t.Helper()
	h := k.open(t)
	h.Other.Hold(plain("example.com"), plain("myexample.com"))
	return h
}

func (k kit) onAndOff(t *testing.T, s setting) {
	t.Parallel()
	h := k.openSetting(t)
	before := h.held(t, "example.com")
	for _, on := range []bool{true, false} {
		_, err := s.set(h)(t.Context(), h.get(t, "example.com"), on)
		noError(t, err)
		h.wantSet(t, s, registrar.TriOf(on))
	}
	if h.Other.Writes("example.com") == 0 {
		t.Error("nothing was written")
	}
	same(t, "the rest of the name", before, h.held(t, "example.com"), ignoreRaw)
}

func (k kit) setTwice(t *testing.T, s setting) {
	t.Parallel()
	h := k.openSetting(t)
	for _, on := range []bool{true, true, false, false} {
		_, err := s.set(h)(t.Context(), h.held(t, "example.com"), on)
		noError(t, err)
		h.wantSet(t, s, registrar.TriOf(on))
	}
}

func (k kit) setListed(t *testing.T, s setting) {
	t.Parallel()
	h := k.openSetting(t)
	if !has[registrar.Lister](h) {
		return
	}
	_, err := s.set(h)(t.Context(), h.row(t, "example.com"), true)
	noError(t, err)
	h.wantSet(t, s, registrar.On)
}

func (k kit) cutAfterWrite(t *testing.T, s setting) {
	t.Parallel()
	h := k.openSetting(t)
	if h.Wire == nil {
		return
	}
	d := h.get(t, "example.com")
	h.Wire.Fail(wiretest.Fault{Kind: wiretest.CutAfter, Times: 1, Writes: true})
	_, err := s.set(h)(t.Context(), d, true)
	wantClass(t, err, fault.Transient)
	_, err = s.set(h)(t.Context(), d, true)
	noError(t, err)
	h.wantSet(t, s, registrar.On)
}

func (k kit) privacyDenied(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	d := plain("example.com")
	d.PrivacyAllowed = registrar.Off
	h.Other.Hold(d)
	if h.held(t, d.Name).PrivacyAllowed != registrar.Off {
		return // this API cannot tell
	}
	_, err := power[registrar.Protector](h).SetPrivacy(t.Context(), h.get(t, d.Name), true)
	wantClass(t, err, fault.Rejected)
	if h.held(t, d.Name).Privacy == registrar.On {
		t.Error("it is on all the same")
	}
}
