package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/state"
)

// forecast is what a pass must come to.
type forecast struct {
	rows     []holding
	claims   map[string]claim // settings included
	switched map[string]int   // settings that are written, by name
	trouble  []int64
	verdicts map[int64]verdict
}

// foresee asks the oracle.
func (e *estate) foresee() forecast {
	e.t.Helper()
	rows := readHoldings(e.t, e.whmcs)
	f := forecast{rows: rows, claims: e.desk.claims(), switched: e.desk.switched()}
	f.verdicts = e.rules.next(rows, f.claims)
	f.trouble = troubled(f.verdicts)
	for i := range f.rows {
		v, judged := f.verdicts[f.rows[i].ID]
		if !judged {
			continue
		}
		f.rows[i] = v.row
		f.turn(nameOf(v.row.Domain), v)
	}
	return f
}

// turn switches what a verdict wants switched.
func (f forecast) turn(name string, v verdict) {
	c, held := f.claims[name]
	if v.renew != "" {
		c.renews = v.renew
		f.switched[name]++
	}
	if v.hide != "" {
		c.hides = v.hide
		f.switched[name]++
	}
	if held {
		f.claims[name] = c
	}
}

// fulfilled checks what must be true after a pass: it is done, both sides are as foreseen, nothing was written twice, and
// every row is settled or has an open failure.
func (e *estate) fulfilled(run state.Run, f forecast) {
	e.t.Helper()
	if run.State != state.RunDone || run.Held != 0 {
		e.t.Errorf("run %d ended as %s (%s) with %d changes held", run.ID, run.State, run.Error, run.Held)
	}
	e.stands(f)
	e.offset(0)
	if n := e.count(`SELECT count(*) FROM batches WHERE state <> 'settled'`); n != 0 {
		e.t.Errorf("%d batches are not settled: %s", n, e.progress())
	}
	if n := e.count(`SELECT count(*) FROM changes WHERE state = 'planned'`); n != 0 {
		e.t.Errorf("%d changes are planned still", n)
	}
}

// stands compares both sides, the failures and the books with what was foreseen.
func (e *estate) stands(f forecast) {
	e.t.Helper()
	if diff := differing(f.rows, readHoldings(e.t, e.whmcs)); diff != "" {
		e.t.Errorf("the rows are not as they should be (-want +got):\n%s", diff)
	}
	if diff := differingByName(f.claims, e.desk.claims()); diff != "" {
		e.t.Errorf("the account is not as it should be (-want +got):\n%s", diff)
	}
	if diff := differingByName(f.switched, e.desk.switched()); diff != "" {
		e.t.Errorf("settings were not written as often as they should be (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(f.trouble, e.failed(), cmpopts.EquateEmpty()); diff != "" {
		e.t.Errorf("the open failures are others (-want +got):\n%s\n%s", diff, e.complaints())
	}
	if all := e.desk.Violations(); len(all) > 0 {
		e.t.Errorf("%d things happened that must not, the first: %+v", len(all), all[0])
	}
	e.writtenOnce()
}

// writtenOnce checks that no value was written twice, and none whose change is not on record.
func (e *estate) writtenOnce() {
	e.t.Helper()
	seen := map[string]int{}
	for _, entry := range e.books() {
		if entry.Editor == "" {
			seen[fmt.Sprintf("%d %s", entry.ID, entry.Field)]++
		}
	}
	for what, times := range seen {
		if times > 1 {
			e.t.Errorf("%s was written %d times", what, times)
		}
	}
}

func (e *estate) failed() (ids []int64) {
	e.t.Helper()
	failures, err := e.store.Failures(e.t.Context(), state.FailureFilter{Sync: e.sync})
	if err != nil {
		e.t.Fatal(err)
	}
	for _, f := range failures {
		ids = append(ids, f.RecordID)
	}
	slices.Sort(ids)
	return ids
}

// complaints are some failures in words.
func (e *estate) complaints() string {
	failures, err := e.store.Failures(e.t.Context(), state.FailureFilter{Sync: e.sync})
	if err != nil {
		return err.Error()
	}
	var lines []string
	for _, f := range failures[:min(len(failures), 40)] {
		lines = append(lines, fmt.Sprintf("%d %s: %s %s", f.RecordID, f.Key, f.Class, f.Message))
	}
	return strings.Join(lines, "\n")
}

func differing(want, got []holding) string {
	byID := map[int64]holding{}
	for _, h := range got {
		byID[h.ID] = h
	}
	wanted := map[string]holding{}
	found := map[string]holding{}
	for _, h := range want {
		key := fmt.Sprintf("%d %s", h.ID, h.Domain)
		h.Billed = false // it tells about the due date of before
		now := byID[h.ID]
		now.Billed = false
		wanted[key], found[key] = h, now
	}
	return differingByName(wanted, found)
}

// differingByName shows ten differences at most.
func differingByName[V any](want, got map[string]V) string {
	var lines []string
	names := maps.Clone(want)
	maps.Copy(names, got)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if diff := cmp.Diff(want[name], got[name], cmp.AllowUnexported(claim{})); diff != "" {
			lines = append(lines, name+":\n"+diff)
		}
	}
	if more := len(lines) - 10; more > 0 {
		lines = append(lines[:10], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// restful makes one more pass: nothing has changed, so nothing is written and nothing but the listing is asked for.
func (e *estate) restful(f forecast, pages int64) {
	e.t.Helper()
	e.closeBooks()
	began := time.Now()
	e.fulfilled(e.pass(false), f)
	counts := e.desk.Counts()
	e.t.Logf("the second pass took %s and made the calls %v", time.Since(began).Round(time.Millisecond), counts.Calls)
	if n := e.entries(); n != 0 {
		e.t.Errorf("the second pass wrote %d values into WHMCS", n)
	}
	if n := counted(counts, e.desk.changes); n != 0 {
		e.t.Errorf("the second pass wrote %d settings", n)
	}
	if n := counts.Calls[e.desk.lists]; n > pages {
		e.t.Errorf("the second pass listed and looked up %d times, want at most %d", n, pages)
	}
	if n := counts.TotalCalls - counts.Calls[e.desk.lists]; n > 2+e.untold { // each worker may read the account's settings
		e.t.Errorf("the second pass made %d other calls: %v", n, counts.Calls)
	}
}

// awkward adds what the made-up rows have too little of: names that two rows share, and texts that are no name.
func (e *estate) awkward() {
	e.t.Helper()
	e.exec(`UPDATE tbldomains SET status = 'Expired' WHERE status IN ('Cancelled', 'Transferred Away') AND id % 3 = 0`)
	e.exec(`UPDATE tbldomains SET domain = CONCAT('no domain ', id) WHERE id % 400 = 1`)
	e.closeBooks()
}

func TestSevenThousandDomainsAreKeptInStep(t *testing.T) {
	t.Parallel()
	at, desk := openOpenprovider(sim.Options{})
	e := newEstate(t, desk, plot{domains: 7000, due: 10})
	e.rules.renewal = true
	e.awkward()
	at.seed(readHoldings(t, e.whmcs), e.rules)
	e.staff()
	f := e.foresee()
	began := time.Now()
	e.fulfilled(e.pass(false), f)
	t.Logf("the first pass over %d names took %s, wrote %d values and made the calls %v",
		len(f.verdicts), time.Since(began).Round(time.Millisecond), e.entries(), at.Counts().Calls)
	e.rich(f)
	e.restful(f, 7)
}

// rich checks that the pass had something of everything to do: otherwise nothing is shown.
func (e *estate) rich(f forecast) {
	e.t.Helper()
	done := map[string]int{}
	for _, entry := range e.books() {
		done[entry.Field+" "+entry.New]++
	}
	for _, status := range []string{"Active", "Grace", "Redemption", "Expired"} {
		if done["status "+status] == 0 {
			e.t.Errorf("no row became %s", status)
		}
	}
	if len(f.trouble) < 50 || len(f.switched) < 100 {
		e.t.Errorf("only %d rows in trouble and %d names switched", len(f.trouble), len(f.switched))
	}
}
