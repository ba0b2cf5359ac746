package maillisttest

import (
	"context"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/wiretest"
)

func (k kit) wire(t *testing.T) {
	t.Parallel()
	wiretest.Run(t, func(t testing.TB, s wiretest.Setup) wiretest.Target {
		h := k.factory(t, Setup{PageSize: pageSize, InFlight: s.InFlight, Timeout: s.Timeout, Limiter: s.Limiter})
		h.Other.Seed(people(2 * pageSize)...)
		return wiretest.Target{Wire: h.Wire, Secrets: h.Secrets, Acts: h.acts()}
	})
	t.Run("a listing whose bodies come slowly is read", k.slowListing)
	t.Run("a write that was cut off after it was done can be repeated", k.cutAfterWrite)
}

// acts are the calls of the port. Their person is there; Detach is handed the group each time, whoever took it away.
func (h Harness) acts() []wiretest.Act {
	e := plain("person000@example.test", GroupA)
	return []wiretest.Act{
		{Name: "ListPage", Do: h.listTwoPages},
		{Name: "Find", Do: func(ctx context.Context) error { _, err := h.List.Find(ctx, e.Email); return err }},
		{Name: "Upsert", Do: func(ctx context.Context) error {
			_, err := h.List.Upsert(ctx, wanted(e.Email, GroupA))
			return err
		}},
		{Name: "Detach", Do: func(ctx context.Context) error {
			_, err := h.List.Detach(ctx, e, []maillist.GroupID{GroupA})
			return err
		}},
	}
}

func (h Harness) listTwoPages(ctx context.Context) error {
	page, err := h.List.ListPage(ctx, "")
	if err == nil && !page.Done {
		_, err = h.List.ListPage(ctx, page.Next)
	}
	return err
}

func (k kit) slowListing(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Seed(people(3)...)
	h.Wire.Fail(wiretest.Fault{Kind: wiretest.Slow, Delay: 300 * time.Millisecond})
	all, _ := drain(t, h.List.ListPage, "")
	same(t, "addresses", emails(people(3)), emails(all))
}

func (k kit) cutAfterWrite(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Wire.Fail(wiretest.Fault{Kind: wiretest.CutAfter, Times: 1, Writes: true})
	s := wanted("ana@example.test", GroupA)
	_, err := h.List.Upsert(t.Context(), s)
	wantClass(t, err, fault.Transient)
	before := held(t, h, s.Email)
	_, err = h.List.Upsert(t.Context(), s)
	noError(t, err)
	same(t, "held", before, held(t, h, s.Email))
}
