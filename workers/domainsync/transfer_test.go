package domainsync_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

func TestTransfers(t *testing.T) {
	t.Parallel()
	coming := func(change ...func(*whmcs.Domain)) whmcs.Domain {
		return row(append([]func(*whmcs.Domain){standing(whmcs.DomainPendingTransfer)}, change...)...)
	}
	seen := func(s registrar.TransferState, change ...func(*registrar.Transfer)) domainsync.Evidence {
		transfer := registrar.Transfer{Name: "example.com", State: s, Raw: "REQ"}
		for _, f := range change {
			f(&transfer)
		}
		return domainsync.Evidence{Known: true, Live: true, Transfer: &transfer}
	}
	because := func(t *registrar.Transfer) { t.Reason = "wrong code" }
	cancels := policy(func(p *domainsync.Policy) { p.Failed = domainsync.CancelFailed })

	t.Run("that are done make the domain Active", func(t *testing.T) {
		t.Parallel()
		done := seen(registrar.TransferCompleted, func(t *registrar.Transfer) { t.Dates = renewal("2032-03-15") })
		d := policy(following(0)).DecideTransfer(input(coming(expiring(""), dueOn("", "")), done, domainsync.Memo{Pending: now}))
		wantChanges(t, d.Changes, "status Pending Transfer -> Active", "expiry  -> 2032-03-15", "next_due  -> 2032-03-15", "next_invoice  -> 2032-03-15")
		if diff := cmp.Diff(domainsync.Memo{}, d.After); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("that are done without a date make it Active all the same", func(t *testing.T) {
		t.Parallel()
		d := policy().DecideTransfer(input(coming(expiring("")), seen(registrar.TransferCompleted), domainsync.Memo{}))
		wantChanges(t, d.Changes, "status Pending Transfer -> Active")
	})
	t.Run("that are listed as ended, in whatever way, are looked at live", func(t *testing.T) {
		t.Parallel()
		for _, state := range []registrar.TransferState{registrar.TransferCompleted, registrar.TransferFailed, registrar.TransferUnknown} {
			ended := seen(state)
			ended.Live = false
			if d := policy().DecideTransfer(input(coming(), ended, domainsync.Memo{})); d.Act != domainsync.Look || len(d.Changes) > 0 || d.Trouble != nil {
				t.Errorf("%s: %s %v %v", state, d.Act, told(d.Changes), d.Trouble)
			}
		}
	})
	t.Run("that are listed as pending are believed", func(t *testing.T) {
		t.Parallel()
		waits := seen(registrar.TransferPending)
		waits.Live = false
		if d := policy().DecideTransfer(input(coming(), waits, domainsync.Memo{})); d.Act == domainsync.Look || d.Skip != "pending" {
			t.Errorf("%s %s", d.Act, d.Skip)
		}
	})
	t.Run("that failed are reported", func(t *testing.T) {
		t.Parallel()
		d := policy().DecideTransfer(input(coming(), seen(registrar.TransferFailed, because), domainsync.Memo{}))
		wantChanges(t, d.Changes)
		wantTrouble(t, d, fault.Rejected, "the transfer failed: wrong code")
	})
	t.Run("that failed are cancelled where that is wished", func(t *testing.T) {
		t.Parallel()
		d := cancels.DecideTransfer(input(coming(), seen(registrar.TransferFailed, because), domainsync.Memo{}))
		wantChanges(t, d.Changes, "status Pending Transfer -> Cancelled !")
		if d.Changes[0].Reason != "the transfer failed: wrong code" {
			t.Error(d.Changes[0].Reason)
		}
	})
	t.Run("of which nobody says anything are looked up, and reported", func(t *testing.T) {
		t.Parallel()
		if d := policy().DecideTransfer(input(coming(), domainsync.Evidence{}, domainsync.Memo{})); d.Act != domainsync.Look {
			t.Errorf("%s", d.Act)
		}
		d := policy().DecideTransfer(input(coming(), live(nil), domainsync.Memo{}))
		wantTrouble(t, d, fault.NotFound, "the registrar knows of no transfer of this domain")
	})
	t.Run("in a word that is not known are reported", func(t *testing.T) {
		t.Parallel()
		d := cancels.DecideTransfer(input(coming(), seen(registrar.TransferUnknown), domainsync.Memo{}))
		wantChanges(t, d.Changes)
		wantTrouble(t, d, fault.Refused, `the registrar's transfer status "REQ" is not known; nothing was changed`)
	})
	t.Run("of domains that are no longer pending are none", func(t *testing.T) {
		t.Parallel()
		d := cancels.DecideTransfer(input(row(), seen(registrar.TransferFailed), domainsync.Memo{Pending: now}))
		if diff := cmp.Diff(domainsync.Memo{}, d.After); diff != "" || len(d.Changes) > 0 || d.Skip != "not_pending" {
			t.Errorf("%v %s %s", told(d.Changes), d.Skip, diff)
		}
	})
}

func TestATransferThatTakesLongIsReported(t *testing.T) {
	t.Parallel()
	waiting := domainsync.Evidence{Known: true, Live: true, Transfer: &registrar.Transfer{State: registrar.TransferPending, Reason: "needs a code"}}
	for _, tc := range []struct {
		name    string
		pendFor int
		days    int
		trouble string
	}{
		{"not while it is young", 7, 6, ""},
		{"when it is old", 7, 7, "the transfer has been pending for 7 days: needs a code"},
		{"never, if nobody asked", 0, 100, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := policy(func(p *domainsync.Policy) { p.PendFor = tc.pendFor })
			in := input(row(standing(whmcs.DomainPendingTransfer)), waiting, domainsync.Memo{})
			first := p.DecideTransfer(in)
			if !first.After.Pending.Equal(now) || first.Skip != "pending" || first.Trouble != nil {
				t.Fatalf("at first: %+v %s %+v", first.After, first.Skip, first.Trouble)
			}
			in.Memo, in.Now = first.After, now.AddDate(0, 0, tc.days)
			d := p.DecideTransfer(in)
			if tc.trouble != "" {
				wantTrouble(t, d, fault.Held, tc.trouble)
			} else if d.Act != domainsync.Nothing {
				t.Errorf("%s %+v", d.Act, d.Trouble)
			}
		})
	}
}
