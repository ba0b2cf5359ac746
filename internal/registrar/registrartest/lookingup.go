package registrartest

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

func (k kit) lookingUp(t *testing.T) {
	t.Parallel()
	t.Run("a name is told with all that the account holds of it", k.tellsAll)
	for held, asked := range map[registrar.Name]registrar.Name{
		"bücher.de": "xn--bcher-kva.de", "xn--bcher-kva.de": "xn--bcher-kva.de", "XN--BCHER-KVA.COM": "xn--bcher-kva.com",
		"Example.COM": "example.com", "co.co.uk": "co.co.uk", "net.net": "net.net", "shop.co.uk": "shop.co.uk", "com.com": "com.com",
	} {
		t.Run(string(held)+" is one name in every spelling", func(t *testing.T) { k.spelled(t, held, asked) })
	}
	t.Run("an absent name is not found", k.absent)
	t.Run("a name that only looks alike is not taken for it", k.lookAlikes)
}

func (k kit) tellsAll(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	off, on := plain("off.com"), plain("on.com")
	on.AutoRenew, on.Privacy = registrar.On, registrar.On
	h.Other.Hold(off, on)
	for _, d := range []registrar.Domain{off, on} {
		got := h.told(t, d.Name)
		same(t, "status", registrar.Active, got.Status)
		if has[registrar.AutoRenewer](h) {
			same(t, "auto-renew", d.AutoRenew, got.AutoRenew)
		}
		if has[registrar.Protector](h) {
			same(t, "privacy", d.Privacy, got.Privacy)
		}
	}
}

func (k kit) spelled(t *testing.T, held, asked registrar.Name) {
	t.Parallel()
	h := k.open(t)
	h.Other.Hold(plain(held), plain("bystander.com"))
	h.told(t, asked)
}

func (k kit) absent(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Hold(plain("example.com"), plain("gone.com"))
	h.Other.Remove("gone.com")
	for _, name := range []registrar.Name{"gone.com", "never.com", "never.co.uk", "xn--bcher-kva.de"} {
		_, err := h.Registrar.Get(t.Context(), name)
		wantClass(t, err, fault.NotFound)
	}
}

// lookAlikes are what a search for a part of a name finds as well.
func (k kit) lookAlikes(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Hold(plain("myexample.com"), plain("example.community"), plain("example.com.co"), plain("example-com.com"))
	_, err := h.Registrar.Get(t.Context(), "example.com")
	wantClass(t, err, fault.NotFound)
	h.Other.Hold(plain("example.com"))
	h.told(t, "example.com")
}

func (k kit) statuses(t *testing.T) {
	t.Parallel()
	for _, status := range k.open(t).Statuses {
		t.Run(string(status)+" is told as such", func(t *testing.T) { k.survives(t, status) })
	}
	t.Run("a word that nobody knows is passed on and means nothing", k.unknownWord)
}

func (k kit) survives(t *testing.T, status registrar.Status) {
	t.Parallel()
	h := k.open(t)
	d := plain("example.com")
	d.Status = status
	switch status {
	case registrar.Lapsed:
		d.GraceUntil, d.RedemptionUntil = civil.Must("2031-05-01"), civil.Must("2031-06-01")
	case registrar.Failed:
		d.Reason = "The name is reserved"
	}
	h.Other.Hold(d)
	same(t, "status", status, h.told(t, d.Name).Status)
}

func (k kit) unknownWord(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	if h.Wordless {
		return
	}
	d := plain("example.com")
	d.Status, d.Raw = registrar.Unknown, weird
	h.Other.Hold(d)
	got := h.told(t, d.Name)
	same(t, "status", registrar.Unknown, got.Status)
	same(t, "word", weird, got.Raw)
}

// weird is a word that no registrar has used yet.
const weird = "WEIRD_9"

func (k kit) checking(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Hold(domains(3)...)
	health, err := power[registrar.Checker](h).Check(t.Context())
	noError(t, err)
	if health.Domains != 0 && health.Domains != 3 {
		t.Errorf("%d names, want 3", health.Domains)
	}
}
