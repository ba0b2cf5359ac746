package domainsync_test

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

// wantUnderway checks which transfers are shown to be under way.
func (b *bundle) wantUnderway(want ...domainsync.Underway) {
	b.T.Helper()
	memories, err := b.Store.MemoriesWith(b.Ctx, syncName, domainsync.UnderwayField)
	must(b.T, err)
	if diff := gocmp.Diff(want, domainsync.UnderwayIn(memories)); diff != "" {
		b.T.Errorf("under way (-want +got):\n%s", diff)
	}
}

func waiting(id int64, name string, since time.Time, waits string) domainsync.Underway {
	return domainsync.Underway{Name: name, RecordID: id, Since: since, Waits: waits}
}

func (b *bundle) wait(name registrar.Name, reason string) {
	b.account.Transferring(registrar.Transfer{Name: name, State: registrar.TransferPending, Raw: "REQ", Reason: reason})
}

func TestTransfersUnderWayAreKnownFromTheFirstLookOn(t *testing.T) {
	t.Parallel()
	b := coming(t, 4)
	begin := b.clock
	b.wait("d1.example", "")
	b.wait("d2.example", "needs a code")
	b.done("d3.example", "2032-03-20")
	b.edit(4, standing(whmcs.DomainActive)) // of no concern yet
	b.Pass(synckit.Full)
	b.wantUnderway(waiting(1, "d1.example", begin, "REQ"), waiting(2, "d2.example", begin, "needs a code"))

	t.Run("one that comes later is younger, and the newest word counts", func(t *testing.T) {
		b.clock = begin.AddDate(0, 0, 2)
		b.edit(4, standing(whmcs.DomainPendingTransfer))
		b.wait("d1.example", "the owner was asked")
		b.Pass(synckit.Full)
		b.wantUnderway(waiting(1, "d1.example", begin, "the owner was asked"), waiting(2, "d2.example", begin, "needs a code"),
			waiting(4, "d4.example", b.clock, ""))
	})
	t.Run("one that the registrar does not know for a while keeps its age", func(t *testing.T) {
		b.account.Transferring(registrar.Transfer{Name: "d2.example", State: registrar.TransferUnknown, Raw: "XYZ"})
		b.Pass(synckit.Full)
		b.wantUnderway(waiting(1, "d1.example", begin, "the owner was asked"),
			waiting(2, "d2.example", begin, `the registrar's transfer status "XYZ" is not known; nothing was changed`), waiting(4, "d4.example", b.clock, ""))
	})
	t.Run("those that end, here or there, are none", func(t *testing.T) {
		b.done("d1.example", "2032-03-20")
		b.account.Transferring(registrar.Transfer{Name: "d2.example", State: registrar.TransferFailed})
		b.edit(4, standing(whmcs.DomainCancelled))
		b.Pass(synckit.Full)
		b.wantUnderway()
	})
	t.Run("one that is begun anew begins anew", func(t *testing.T) {
		b.clock = begin.AddDate(0, 0, 3)
		b.wait("d2.example", "")
		b.Pass(synckit.Full)
		b.wantUnderway(waiting(2, "d2.example", b.clock, "REQ"))
	})
}

func TestTransfersAgeInNotifyModeToo(t *testing.T) {
	t.Parallel()
	b := coming(t, 2)
	begin := b.clock
	b.done("d2.example", "2032-03-20")
	b.Pass(synckit.Full, synckit.Notify)
	b.wantUnderway(waiting(1, "d1.example", begin, ""))
	b.clock = begin.AddDate(0, 0, 8)
	b.Pass(synckit.Full, synckit.Notify)
	b.wantUnderway(waiting(1, "d1.example", begin, ""))
	b.WantFailures("1 held")
	b.wantRow(2, whmcs.DomainPendingTransfer, "2031-09-01")
}

func TestAnAgeIsInWholeDays(t *testing.T) {
	t.Parallel()
	u := waiting(1, "a.example", now, "")
	for after, want := range map[time.Duration]int{0: 0, 24*time.Hour - time.Second: 0, 24 * time.Hour: 1, 240 * time.Hour: 10} {
		if got := u.Days(now.Add(after)); got != want {
			t.Errorf("%d days after %s, want %d", got, after, want)
		}
	}
}
