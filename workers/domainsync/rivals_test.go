package domainsync_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

var syncable = []whmcs.DomainStatus{
	whmcs.DomainActive, whmcs.DomainPendingRegistration, whmcs.DomainPendingTransfer, whmcs.DomainGrace, whmcs.DomainRedemption, whmcs.DomainExpired,
}

// namesakes are rows of example.com as a line tells them, the oldest first: "Expired, Active elsewhere, Grace excluded".
func namesakes(line string) (rows []whmcs.Domain) {
	for i, text := range strings.Split(line, ", ") {
		status, there := strings.CutSuffix(text, " elsewhere")
		status, out := strings.CutSuffix(status, " excluded")
		r := row(called(int64(i+1), "example.com"), standing(whmcs.DomainStatus(status)))
		if there {
			r.Registrar = elsewhere
		}
		if out {
			r.ClientID = excluded
		}
		rows = append(rows, r)
	}
	return rows
}

func TestOneRowOfANameCountsWhateverBecameOfTheOthers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		rows     string
		counts   int64 // 0 = none that the sync may touch
		reported []string
	}{
		{"Active, Cancelled", 1, nil},
		{"Active, Fraud elsewhere", 1, nil},
		{"Active, Expired elsewhere", 1, nil},
		{"Active, Pending Transfer excluded", 1, nil},
		{"Active, Transferred Away, Pending", 1, nil},
		{"Transferred Away, Active", 2, nil},
		{"Cancelled, Expired", 2, nil},
		{"Cancelled elsewhere, Pending Transfer", 2, nil},
		{"Expired excluded, Grace", 2, nil},
		{"Active elsewhere, Active", 2, nil},
		{"Active, Active", 2, []string{"1 Active"}},
		{"Pending Transfer, Pending Transfer", 2, []string{"1 Active"}},
		{"Grace, Pending Transfer", 2, []string{"1 Active"}},
		{"Pending Registration, Expired", 2, []string{"1 Active"}},
		{"Expired, Cancelled", 0, []string{"1 Cancelled"}},
		{"Expired, Active, Cancelled", 2, []string{"1 Active"}},
		{"Grace, Transferred Away", 0, []string{"1 Transferred Away"}},
		{"Redemption, Fraud elsewhere", 0, []string{"1 Fraud, registrar another"}},
		{"Pending Transfer, Cancelled", 0, []string{"1 Cancelled"}},
		{"Expired, Pending", 0, []string{"1 Pending"}},
		{"Expired, Active excluded", 0, []string{"1 Active"}},
		{"Expired, Expired excluded", 0, []string{"1 Expired"}},
		{"Active, Active elsewhere", 0, []string{"1 Active, registrar another"}},
		{"Active elsewhere, Expired", 0, []string{"2 Active, registrar another"}},
		{"Active elsewhere, Pending Transfer", 0, []string{"2 Active, registrar another"}},
		{"Expired, Grace, Cancelled", 0, []string{"1 Grace", "2 Cancelled"}},
	} {
		t.Run(tc.rows, func(t *testing.T) {
			t.Parallel()
			b := setup(t, namesakes(tc.rows)...)
			b.whmcs.statuses = syncable
			b.account.Hold(*held(dated(renewal("2032-09-01")), func(d *registrar.Domain) { d.AutoRenew = registrar.Off }))
			for range 3 {
				b.Pass(synckit.Full)
				for id, r := range b.whmcs.rows {
					if before := namesakes(tc.rows)[id-1]; id != tc.counts && r != before {
						t.Errorf("domain %d was changed: %+v, before %+v", id, r.Values(), before.Values())
					}
				}
			}
			auto := registrar.Off
			if tc.counts != 0 {
				b.wantRow(tc.counts, whmcs.DomainActive, "2032-09-01")
				auto = registrar.On
			}
			if d, _ := b.account.Holds("example.com"); d.AutoRenew != auto {
				t.Errorf("auto-renew is %v at the registrar, want %v", d.AutoRenew, auto)
			}
			b.wantUntouched(tc.reported...)
		})
	}
}

// wantUntouched checks which records are reported because of another row, and where that one stands: "1 Cancelled".
func (b *bundle) wantUntouched(want ...string) {
	b.T.Helper()
	failures, err := b.Store.Failures(b.Ctx, state.FailureFilter{Sync: syncName})
	must(b.T, err)
	var got []string
	for _, f := range failures {
		_, why, _ := strings.Cut(f.Message, "has the same name (")
		why, told := strings.CutSuffix(why, "); this one was not touched")
		if !told {
			b.T.Errorf("domain %d: %s", f.RecordID, f.Message)
		}
		got = append(got, fmt.Sprint(f.RecordID, " ", why))
	}
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" {
		b.T.Errorf("untouched (-want +got):\n%s", diff)
	}
}

func TestWhatAPersonEndsIsNotRevivedInAnOlderRow(t *testing.T) {
	t.Parallel()
	b := setup(t, namesakes("Expired, Active")...)
	b.whmcs.statuses = syncable
	b.edit(2, func(d *whmcs.Domain) { d.DoNotRenew = true })
	b.account.Hold(*held(func(d *registrar.Domain) { d.AutoRenew = registrar.Off }))
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 2, "unchanged": 1, "failed": 1})
	b.edit(2, standing(whmcs.DomainCancelled))
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "failed": 1})
	b.wantRow(1, whmcs.DomainExpired, "2031-09-01")
	b.wantUntouched("1 Cancelled")
	b.wantCalls(map[string]int{"ListPage": 2})

	t.Run("until that row is gone", func(t *testing.T) {
		delete(b.whmcs.rows, 2)
		b.Pass(synckit.Full)
		b.wantRow(1, whmcs.DomainActive, "2031-09-01")
		b.wantUntouched()
	})
}

func TestOfTwoTransfersOfOneNameOneArrives(t *testing.T) {
	t.Parallel()
	b, post := announced(t, 1)
	b.whmcs.put(row(called(2, "d1.example"), standing(whmcs.DomainPendingTransfer)))
	b.done("d1.example", "2032-03-20")
	for range 3 {
		b.Pass(synckit.Full)
	}
	b.wantRow(1, whmcs.DomainPendingTransfer, "2031-09-01")
	b.wantRow(2, whmcs.DomainActive, "2032-03-20")
	b.wantUntouched("1 Active")
	post.want(t, "2 Domain Transfer Completed")
}

func TestOnlyRecordsWithSomethingToChangeAreComparedWithTheWholeOfWHMCS(t *testing.T) {
	t.Parallel()
	b := inStep(t, 60)
	b.Pass(synckit.Full)
	if b.whmcs.asked != 0 {
		t.Errorf("WHMCS was asked %d times for rows by name, and nothing was to be done", b.whmcs.asked)
	}
	for i := range 30 {
		b.turn(registrar.Name(fmt.Sprintf("d%d.example", i+1)), dated(renewal("2032-09-01")))
	}
	b.Pass(synckit.Full)
	if b.whmcs.asked != 2 { // chunks
		t.Errorf("WHMCS was asked %d times for rows by name", b.whmcs.asked)
	}
}

// Whatever happens on both sides from pass to pass: only the row that counts is ever written, what has ended stays, no name
// gets a second Active row, and a setting is switched to the wish of the row that counts.
func TestNoOtherRowThanTheOneThatCountsIsEverTouched(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newNamesakes(t, seed)
			for range 5 {
				w.shake()
				w.checkPass()
			}
			if len(w.whmcs.written) < 50 {
				t.Errorf("only %d rows were written: this shows nothing", len(w.whmcs.written))
			}
		})
	}
}

// family are many names of several rows each, and a person on each side who does as chance has it.
type family struct {
	*bundle
	*rand.Rand
	names []registrar.Name
}

func newNamesakes(t *testing.T, seed uint64) *family {
	w := &family{bundle: setup(t), Rand: rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // chance that repeats itself
	w.whmcs.statuses, w.Guard = syncable, 1000
	for i := range 40 {
		name := registrar.Name(fmt.Sprintf("d%d.example", i))
		w.names = append(w.names, name)
		for range 1 + w.IntN(4) {
			w.whmcs.put(row(called(int64(len(w.whmcs.rows)+1), strings.ToUpper(string(name)))))
		}
	}
	w.whmcs.before = func(id int64) error {
		if first := w.counts(w.whmcs.rows[id].RawName); first != id {
			t.Errorf("domain %d was written, while %d counts", id, first)
		}
		if s := w.whmcs.rows[id].Status; !slices.Contains(syncable, s) {
			t.Errorf("domain %d was written, which is %s", id, s)
		}
		return nil
	}
	return w
}

// counts is the newest Active row of a name, or else the newest of all.
func (w *family) counts(name string) (first int64) {
	for id, r := range w.whmcs.rows {
		if best := w.whmcs.rows[first]; strings.EqualFold(r.RawName, name) &&
			(r.Status == whmcs.DomainActive && best.Status != whmcs.DomainActive || (r.Status == whmcs.DomainActive) == (best.Status == whmcs.DomainActive) && id > first) {
			first = id
		}
	}
	return first
}

// shake edits about every third row, and every name at the registrar.
func (w *family) shake() {
	for id := range int64(len(w.whmcs.rows)) {
		if w.IntN(3) == 0 {
			w.edit(id+1, standing(whmcs.DomainStatuses()[w.IntN(10)]), func(d *whmcs.Domain) {
				d.DoNotRenew, d.Registrar, d.ClientID = w.IntN(2) == 0, []string{"", "", elsewhere}[w.IntN(3)], []int64{1, 1, excluded}[w.IntN(3)]
			})
		}
	}
	for _, name := range w.names {
		w.account.Hold(*held(func(d *registrar.Domain) {
			d.Name, d.ID, d.AutoRenew = name, "", registrar.TriOf(w.IntN(2) == 0)
			d.Status = []registrar.Status{registrar.Active, registrar.Active, registrar.Grace, registrar.Lapsed}[w.IntN(4)]
			d.Dates, d.RedemptionUntil = renewal([]string{"2032-09-01", "2031-09-20"}[w.IntN(2)]), today.AddDays(w.IntN(3)-1)
		}))
	}
}

// checkPass makes a pass and checks what its writes cannot show.
func (w *family) checkPass() {
	w.T.Helper()
	active, auto := w.actives(), map[registrar.Name]registrar.Tri{}
	for _, name := range w.names {
		d, _ := w.account.Holds(name)
		auto[name] = d.AutoRenew
	}
	w.Pass(synckit.Full)
	for name, n := range w.actives() {
		if n > max(1, active[name]) {
			w.T.Errorf("%s has %d Active rows, before %d", name, n, active[name])
		}
	}
	for _, name := range w.names {
		r := w.whmcs.rows[w.counts(string(name))]
		if d, _ := w.account.Holds(name); d.AutoRenew != auto[name] &&
			(r.Status != whmcs.DomainActive || r.Registrar == elsewhere || r.ClientID == excluded || d.AutoRenew != registrar.TriOf(!r.DoNotRenew)) {
			w.T.Errorf("%s: auto-renew was switched to %v, and the row that counts is %+v", name, d.AutoRenew, r)
		}
	}
}

func (w *family) actives() map[string]int {
	n := map[string]int{}
	for _, r := range w.whmcs.rows {
		if r.Status == whmcs.DomainActive {
			n[r.RawName]++
		}
	}
	return n
}
