package registrartest

import (
	"context"
	"maps"
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

func (k kit) wire(t *testing.T) {
	t.Parallel()
	wiretest.Run(t, func(t testing.TB, s wiretest.Setup) wiretest.Target {
		h := k.factory(t, Setup{PageSize: pageSize, InFlight: s.InFlight, Timeout: s.Timeout, Limiter: s.Limiter})
		h.populate()
		return wiretest.Target{Wire: h.Wire, Secrets: h.Secrets, Acts: h.acts()}
	})
}

// populate brings in what the acts ask for, and enough for two pages.
func (h Harness) populate() {
	h.Other.Hold(plain("example.com"), plain("left.com"))
	h.Other.Hold(domains(max(h.PageSize, pageSize))...)
	h.Other.Depart("left.com", departure(h.trace()))
	if has[registrar.TransferTracker](h) {
		h.begin("coming.com", h.states()[0])
	}
}

// acts are the calls of all powers that the vendor has.
func (h Harness) acts() (acts []wiretest.Act) {
	add := func(has bool, name string, classes map[int]fault.Class, do func(context.Context) error) {
		if has {
			acts = append(acts, wiretest.Act{Name: name, Do: do, Classes: classes})
		}
	}
	add(h.Registrar != nil, "Get", h.Classes, func(ctx context.Context) error {
		_, err := h.Registrar.Get(ctx, "example.com")
		return err
	})
	add(has[registrar.Lister](h), "ListPage", h.ofAccount(), h.listTwoPages)
	add(has[registrar.TransferTracker](h), "Transfer", h.Classes, func(ctx context.Context) error {
		_, err := power[registrar.TransferTracker](h).Transfer(ctx, "coming.com")
		return err
	})
	add(has[registrar.TransferLister](h), "ListTransfersPage", h.ofAccount(), func(ctx context.Context) error {
		_, err := power[registrar.TransferLister](h).ListTransfersPage(ctx, "")
		return err
	})
	add(has[registrar.AutoRenewer](h), "SetAutoRenew", h.Classes, h.switchOn(autoRenewal))
	add(has[registrar.Protector](h), "SetPrivacy", h.Classes, h.switchOn(idProtection))
	add(has[registrar.Historian](h), "Departed", h.Classes, func(ctx context.Context) error {
		_, err := power[registrar.Historian](h).Departed(ctx, "left.com")
		return err
	})
	add(has[registrar.Witness](h), "Testify", h.Classes, func(ctx context.Context) error {
		_, err := power[registrar.Witness](h).Testify(ctx, "example.com")
		return err
	})
	add(has[registrar.Checker](h), "Check", h.ofAccount(), func(ctx context.Context) error {
		_, err := power[registrar.Checker](h).Check(ctx)
		return err
	})
	if has[registrar.Renewer](h) {
		acts = append(acts, wiretest.Act{Name: "Renew", Do: h.renewOnce, Classes: h.Classes, Once: true})
	}
	return acts
}

// ofAccount is Classes for calls about no single name: there is nothing that could be not found.
func (h Harness) ofAccount() map[int]fault.Class {
	classes := maps.Clone(h.Classes)
	maps.DeleteFunc(classes, func(_ int, class fault.Class) bool { return class == fault.NotFound })
	return classes
}

func (h Harness) listTwoPages(ctx context.Context) error {
	lister := power[registrar.Lister](h)
	page, err := lister.ListPage(ctx, "")
	if err == nil && !page.Done {
		_, err = lister.ListPage(ctx, page.Next)
	}
	return err
}

// switchOn hands the domain over as it was before, so that there is always something to write.
func (h Harness) switchOn(s setting) func(context.Context) error {
	d, _ := h.Other.Holds("example.com")
	return func(ctx context.Context) error {
		_, err := s.set(h)(ctx, d, true)
		return err
	}
}
