package domainsync_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// worsened is a sync of three domains of which the registrar has let one expire and renewed another.
func worsened(t *testing.T) (*bundle, state.Run) {
	t.Helper()
	b := inStep(t, 3)
	b.turn("d1.example", being(registrar.Grace))
	b.turn("d2.example", dated(renewal("2032-09-01")))
	run := b.Start(100, synckit.Full)
	b.MustWork()
	b.wantCalls(map[string]int{"ListPage": 1, "Get": 1})
	b.wantRow(1, whmcs.DomainActive, "2031-09-01")
	b.wantRow(2, whmcs.DomainActive, "2032-09-01")
	b.WantChanges("d1.example", "status planned")
	return b, run
}

func TestWhatGetsWorseWaitsForTheEndOfTheRun(t *testing.T) {
	t.Parallel()
	t.Run("and is looked at once more before it is applied", func(t *testing.T) {
		t.Parallel()
		b, run := worsened(t)
		run = b.Finish(run)
		b.WantCounts(run, state.Counts{"records": 4, "unchanged": 1, "deferred": 1, "updated": 2})
		b.wantCalls(map[string]int{"Get": 1})
		b.wantRow(1, whmcs.DomainGrace, "2031-09-01")
		b.WantChanges("d1.example", "status applied")
		if run.GuardUsed != 1 {
			t.Errorf("the guard counted %d", run.GuardUsed)
		}
	})
	t.Run("and is dropped when it is no longer so", func(t *testing.T) {
		t.Parallel()
		b, run := worsened(t)
		b.turn("d1.example", being(registrar.Active))
		b.Finish(run)
		b.wantRow(1, whmcs.DomainActive, "2031-09-01")
		b.WantChanges("d1.example", "status superseded")
	})
	t.Run("with all its parts", func(t *testing.T) {
		t.Parallel()
		b := inStep(t, 1)
		following(0)(&b.duty.Policy)
		b.turn("d1.example", being(registrar.Grace), dated(renewal("2031-03-01")))
		b.Pass(synckit.Full)
		b.wantRow(1, whmcs.DomainGrace, "2031-03-01")
		b.WantChanges("d1.example", "expiry applied", "status applied")
	})
}

// A wrong rule of time zones moves all dates by a day, and all clients would be billed too early.
func TestDatesThatAllMoveBackAreHeldWhileRenewalsFlow(t *testing.T) {
	t.Parallel()
	b := inStep(t, 6)
	following(0)(&b.duty.Policy)
	for _, name := range []registrar.Name{"d1.example", "d2.example", "d3.example", "d4.example"} {
		b.turn(name, dated(renewal("2031-08-31")))
	}
	b.turn("d5.example", dated(renewal("2032-09-01")))
	run := b.Start(100, synckit.Full)
	b.MustWork()
	b.Hold(run)
	for id := range int64(4) {
		b.wantRow(id+1, whmcs.DomainActive, "2031-09-01")
	}
	b.wantRow(5, whmcs.DomainActive, "2032-09-01")
	b.WantChanges("d1.example", "next_invoice held", "next_due held", "expiry held")
}

func TestWhatIsHeldWaitsForAPerson(t *testing.T) {
	t.Parallel()
	held := func(t *testing.T) (*bundle, state.Run) {
		t.Helper()
		b, run := worsened(t)
		run = b.Hold(run)
		b.WantChanges("d1.example", "status held")
		b.wantRow(1, whmcs.DomainActive, "2031-09-01")
		return b, run
	}
	t.Run("who approves it: it is looked at again and written", func(t *testing.T) {
		t.Parallel()
		b, run := held(t)
		approved, err := b.Store.Approve(b.Ctx, run.ID)
		must(t, err)
		b.MustWork()
		b.WantCounts(b.Finish(approved), state.Counts{"records": 1, "updated": 1})
		b.wantCalls(map[string]int{"Get": 1})
		b.wantRow(1, whmcs.DomainGrace, "2031-09-01")
		b.WantChanges("d1.example", "status applied", "status superseded")
	})
	t.Run("who rejects it: it is not planned again until something else is wanted", func(t *testing.T) {
		t.Parallel()
		b, run := held(t)
		_, err := b.Store.Reject(b.Ctx, run.ID)
		must(t, err)
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 3, "unchanged": 2, "skipped_refused": 1})
		b.wantRow(1, whmcs.DomainActive, "2031-09-01")
		b.turn("d1.example", being(registrar.Redemption))
		b.Pass(synckit.Full)
		b.wantRow(1, whmcs.DomainRedemption, "2031-09-01")
	})
	t.Run("who retries a rejected one means it", func(t *testing.T) {
		t.Parallel()
		b, run := held(t)
		_, err := b.Store.Reject(b.Ctx, run.ID)
		must(t, err)
		b.Touch(state.ByRetry, 1)
		b.wantRow(1, whmcs.DomainGrace, "2031-09-01")
	})
}

func TestAnApprovalIsNoneOfWhatWasRejectedBefore(t *testing.T) {
	t.Parallel()
	b := inStep(t, 1)
	b.Guard = 0
	b.edit(1, neverRenewed)
	_, err := b.Store.Reject(b.Ctx, b.Pass(synckit.Full).ID)
	must(t, err)
	b.WantChanges("d1.example", "auto_renew rejected")
	b.edit(1, func(d *whmcs.Domain) { d.IDProtection = true })
	approved, err := b.Store.Approve(b.Ctx, b.Pass(synckit.Full).ID)
	must(t, err)
	b.MustWork()
	b.Finish(approved)
	if d, _ := b.account.Holds("d1.example"); d.Privacy != registrar.On || d.AutoRenew != registrar.On {
		t.Errorf("ID protection is %v, auto-renew %v", d.Privacy, d.AutoRenew)
	}
	b.WantChanges("d1.example", "id_protection applied", "id_protection superseded", "auto_renew rejected")
}

// switched is a sync of four domains of which WHMCS wants three not to renew, and allows so many switches.
func switched(t *testing.T, guard int) *bundle {
	t.Helper()
	b := inStep(t, 4)
	for id := range int64(3) {
		b.edit(id+1, neverRenewed)
	}
	b.Guard = guard
	return b
}

func TestSettingsAreWrittenAtOnceUpToTheGuardsLimit(t *testing.T) {
	t.Parallel()
	b := switched(t, 2)
	run := b.Pass(synckit.Full)
	b.WantCounts(run, state.Counts{"records": 4, "unchanged": 1, "updated": 2, "held": 1})
	b.wantCalls(map[string]int{"ListPage": 1, "SetAutoRenew": 2})
	b.WantChanges("d3.example", "auto_renew held")
	if d, _ := b.account.Holds("d3.example"); d.AutoRenew != registrar.On {
		t.Error("what is held was written")
	}
	t.Run("and what a person approves", func(t *testing.T) {
		approved, err := b.Store.Approve(b.Ctx, run.ID)
		must(t, err)
		b.MustWork()
		b.WantCounts(b.Finish(approved), state.Counts{"records": 1, "updated": 1})
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 4, "unchanged": 4})
		b.WantChanges("d3.example", "auto_renew applied", "auto_renew superseded")
	})
}

func TestASettingThatIsHeldIsNotTakenForBroughtOver(t *testing.T) {
	t.Parallel()
	b := inStep(t, 1)
	b.duty.Registrar = forgetful{b.account}
	b.turn("d1.example", set(registrar.Off, registrar.Off))
	b.Guard = 0
	b.Pass(synckit.Full)
	b.WantChanges("d1.example", "auto_renew held")
	run := b.Pass(synckit.Full)
	b.WantChanges("d1.example", "auto_renew held", "auto_renew superseded")
	b.wantCalls(map[string]int{"ListPage": 2, "Get": 2}) // a person was asked, and the next pass looks all the same
	approved, err := b.Store.Approve(b.Ctx, run.ID)
	must(t, err)
	b.MustWork()
	b.Finish(approved)
	b.wantCalls(map[string]int{"Get": 1, "SetAutoRenew": 1})
	b.Pass(synckit.Full)
	b.wantCalls(map[string]int{"ListPage": 1})
}

func TestASettingThatFailedIsNotTakenForBroughtOver(t *testing.T) {
	t.Parallel()
	b := inStep(t, 1)
	b.duty.Registrar = forgetful{b.account}
	b.turn("d1.example", set(registrar.Off, registrar.Off))
	b.account.Fail("SetAutoRenew", trouble(fault.Transient), trouble(fault.Transient), trouble(fault.Transient))
	run := b.Start(100, synckit.Full)
	for _, attempt := range []func() []error{b.Work, b.Again, b.Again} {
		attempt()
	}
	b.Finish(run)
	b.WantFailures("1 transient")
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "updated": 1})
	b.WantFailures()
	if d, _ := b.account.Holds("d1.example"); d.AutoRenew != registrar.On {
		t.Error("it was never brought over")
	}
}

func TestAnAttemptThatFailedDoesNotUseTheGuardUp(t *testing.T) {
	t.Parallel()
	b := switched(t, 3)
	run := b.Start(100, synckit.Full)
	b.account.Fail("SetAutoRenew", trouble(fault.Transient), nil, nil)
	b.Work() // d1 is allowed and fails
	b.account.Fail("Get", nil, trouble(fault.RateLimited))
	b.edit(4, expiring("2033-09-01")) // d4 has to be looked up behind d1
	b.Again()
	if failed := b.Again(); len(failed) != 0 {
		t.Fatal(failed)
	}
	run, err := b.Store.Run(b.Ctx, run.ID)
	must(t, err)
	if run.GuardUsed != 3 {
		t.Errorf("the guard counted %d for three domains", run.GuardUsed)
	}
	b.WantChanges("d1.example", "auto_renew applied", "auto_renew superseded")
}

func TestARejectedSettingIsLeftAloneAndTheOtherIsNot(t *testing.T) {
	t.Parallel()
	b := inStep(t, 1)
	b.edit(1, neverRenewed, protected)
	b.account.Fail("SetPrivacy", trouble(fault.Rejected))
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "failed": 1})
	b.WantFailures("1 rejected")
	b.WantChanges("d1.example", "id_protection failed", "auto_renew applied")

	t.Run("in the next pass, and its failure stands", func(t *testing.T) {
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "skipped_settings_refused": 1})
		b.WantFailures("1 rejected")
	})
	t.Run("while the other setting goes on being kept in step", func(t *testing.T) {
		b.edit(1, func(d *whmcs.Domain) { d.DoNotRenew = false })
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "updated": 1})
		b.WantFailures("1 rejected")
	})
	t.Run("until a person retries it", func(t *testing.T) {
		b.WantCounts(b.Touch(state.ByRetry, 1), state.Counts{"records": 1, "updated": 1})
		b.WantFailures()
	})
}

func TestWhatTheRegistrarRemarksIsKept(t *testing.T) {
	t.Parallel()
	rows, names := portfolio(1)
	b := setupWith(t, remarking, rows...)
	b.account.Hold(names...)
	b.edit(1, neverRenewed)
	b.Pass(synckit.Full)
	changes := b.WantChanges("d1.example", "auto_renew_remark noticed", "auto_renew applied")
	if len(changes) == 2 && changes[0].Reason != "the registrar remarks: it expires soon" {
		t.Errorf("reason %q", changes[0].Reason)
	}
}
