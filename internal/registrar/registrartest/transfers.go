package registrartest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

const refusedReason = "The losing registrar said no"

func (k kit) transfers(t *testing.T) {
	t.Parallel()
	for _, state := range k.open(t).states() {
		t.Run(string(state)+" is told as such", func(t *testing.T) { k.transferring(t, state) })
	}
	t.Run("a completed one tells the name's dates, as far as there are any", k.completedDates)
	t.Run("a name that is held and active has arrived", k.arrived)
	t.Run("a completed one has not arrived while the name is not held", k.leftAgain)
	t.Run("a name never heard of is not found", k.neverHeard)
}

func (h Harness) states() []registrar.TransferState {
	if h.Transfers != nil {
		return h.Transfers
	}
	return []registrar.TransferState{registrar.TransferPending, registrar.TransferCompleted, registrar.TransferFailed, registrar.TransferUnknown}
}

// transfer is one in a state, with what belongs to it.
func transfer(name registrar.Name, state registrar.TransferState) registrar.Transfer {
	one := registrar.Transfer{Name: name, State: state}
	switch state {
	case registrar.TransferFailed:
		one.Reason = refusedReason
	case registrar.TransferUnknown:
		one.Raw = weird
	}
	return one
}

// begin makes the other side know of a transfer; one that is completed is of a name that is held.
func (h Harness) begin(name registrar.Name, state registrar.TransferState) {
	if state == registrar.TransferCompleted {
		h.Other.Hold(plain(name))
	}
	h.Other.Transferring(transfer(name, state))
}

func (h Harness) transfer(t *testing.T, name registrar.Name) registrar.Transfer {
	t.Helper()
	got, err := power[registrar.TransferTracker](h).Transfer(t.Context(), name)
	noError(t, err)
	same(t, "name", name, got.Name)
	return got
}

func (k kit) transferring(t *testing.T, state registrar.TransferState) {
	t.Parallel()
	h := k.open(t)
	h.Other.Transferring(transfer("myexample.com", registrar.TransferPending))
	h.begin("example.com", state)
	got := h.transfer(t, "example.com")
	same(t, "state", state, got.State)
	switch state {
	case registrar.TransferFailed:
		if got.Raw == "" && got.Reason == "" || got.Reason != "" && got.Reason != refusedReason {
			t.Errorf("why it failed: %q (%q)", got.Reason, got.Raw)
		}
	case registrar.TransferUnknown:
		same(t, "word", weird, got.Raw)
	case registrar.TransferPending:
		same(t, "dates", registrar.Dates{}, got.Dates)
	}
}

func (k kit) completedDates(t *testing.T) {
	t.Parallel()
	for _, dates := range []registrar.Dates{plain("").Dates, {}} {
		h := k.open(t)
		if !slices.Contains(h.states(), registrar.TransferCompleted) {
			return
		}
		d := plain("example.com")
		d.Dates = dates
		h.Other.Hold(d)
		h.Other.Transferring(transfer(d.Name, registrar.TransferCompleted))
		h.wantArrived(t, d.Name)
	}
}

// wantArrived lets a vendor leave dates out, but not invent any.
func (h Harness) wantArrived(t *testing.T, name registrar.Name) {
	t.Helper()
	got, want := h.transfer(t, name), h.held(t, name).Dates
	same(t, "state", registrar.TransferCompleted, got.State)
	leave(&want.Renewal, got.Dates.Renewal)
	leave(&want.Expiration, got.Dates.Expiration)
	leave(&want.Registry, got.Dates.Registry)
	same(t, "dates", want, got.Dates)
}

func (k kit) arrived(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	if h.Registrar == nil {
		return // nothing is held
	}
	h.Other.Hold(plain("example.com"))
	h.wantArrived(t, "example.com")
}

// leftAgain is a transfer that went well once. Whether the name is still on its way or has left again nobody can say.
func (k kit) leftAgain(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Transferring(transfer("example.com", registrar.TransferCompleted))
	if _, held := h.Other.Holds("example.com"); held {
		return // the other side has no other way to say so
	}
	got, err := power[registrar.TransferTracker](h).Transfer(t.Context(), "example.com")
	if err != nil {
		wantClass(t, err, fault.NotFound)
		return
	}
	if got.State == registrar.TransferCompleted || got.State == registrar.TransferFailed {
		t.Errorf("it is said to be %s", got.State)
	}
}

func (k kit) neverHeard(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Transferring(transfer("myexample.com", registrar.TransferPending))
	_, err := power[registrar.TransferTracker](h).Transfer(t.Context(), "example.com")
	wantClass(t, err, fault.NotFound)
}

func (k kit) transferList(t *testing.T) {
	t.Parallel()
	size := k.open(t).PageSize
	for _, n := range []int{0, 1, size, size + 1, 3 * size} {
		t.Run(fmt.Sprintf("of %d transfers each that is pending is listed, and none as what it is not", n), func(t *testing.T) { k.listsTransfers(t, n) })
	}
	t.Run("the list can be resumed at any cursor", k.resumesTransfers)
	t.Run("a cursor that is not one of ours is refused", k.foreignTransferCursor)
	t.Run("a page size capped below what is asked for is honoured", k.cappedTransfers)
}

func (k kit) listsTransfers(t *testing.T, n int) {
	t.Parallel()
	h := k.open(t)
	want := h.ordered(n)
	wantListed(t, want, byName(walkTransfers(t, h, "")))
}

// wantListed lets a vendor leave out what has ended.
func wantListed(t *testing.T, want, got map[registrar.Name]registrar.TransferState) {
	t.Helper()
	for name, state := range want {
		if _, listed := got[name]; !listed && state != registrar.TransferPending {
			delete(want, name)
		}
	}
	same(t, "transfers", want, got)
}

func (k kit) resumesTransfers(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.ordered(3*h.PageSize + 3)
	pages := walkTransfers(t, h, "")
	for i, page := range pages[:len(pages)-1] {
		same(t, fmt.Sprintf("from %q on", page.Next), byName(pages[i+1:]), byName(walkTransfers(t, h, page.Next)))
	}
}

func (k kit) foreignTransferCursor(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	_, err := power[registrar.TransferLister](h).ListTransfersPage(t.Context(), "no such cursor")
	wantClass(t, err, fault.Refused)
}

func (k kit) cappedTransfers(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	if h.Wire == nil {
		return // nobody who could cap it
	}
	want := h.ordered(3 * h.PageSize)
	h.Wire.CapPage(4)
	wantListed(t, want, byName(walkTransfers(t, h, "")))
}

// ordered makes the other side know of n transfers, in all states that are not their end.
func (h Harness) ordered(n int) map[registrar.Name]registrar.TransferState {
	open := slices.DeleteFunc(slices.Clone(h.states()), func(s registrar.TransferState) bool { return s == registrar.TransferCompleted })
	want := map[registrar.Name]registrar.TransferState{}
	for i, d := range domains(n) {
		want[d.Name] = open[i%len(open)]
		h.Other.Transferring(transfer(d.Name, want[d.Name]))
	}
	return want
}

func byName(pages []registrar.TransferPage) map[registrar.Name]registrar.TransferState {
	states := map[registrar.Name]registrar.TransferState{}
	for _, page := range pages {
		for _, one := range page.Transfers {
			states[one.Name] = one.State
		}
	}
	return states
}

func walkTransfers(t *testing.T, h Harness, from registrar.Cursor) (pages []registrar.TransferPage) {
	t.Helper()
	cursor := from
	for range 1000 {
		page, err := power[registrar.TransferLister](h).ListTransfersPage(t.Context(), cursor)
		noError(t, err)
		h.tellsNoSecret(t, page)
		if pages = append(pages, page); page.Done {
			return pages
		}
		cursor = page.Next
	}
	t.Fatal("the list of transfers does not end")
	return nil
}
