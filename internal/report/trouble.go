package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/state"
)

// trouble is what failed: the run itself, records for the first time, and in one line those that were reported before.
type trouble struct {
	N     int64  // new failures
	Run   string // why the run as a whole failed or is held
	Rows  []failureRow
	More  string
	Known string
}

// Any says whether there is anything to show.
func (t trouble) Any() bool { return t.Run != "" || len(t.Rows) > 0 || t.Known != "" }

// failureRow is one error, and whom it concerns: what failed for many in the same way is told once.
type failureRow struct {
	Names   []name
	Others  string // how many there are beside Names, "" = none
	Class   string
	Message string
}

// namesShown is how many names stand beside one error.
const namesShown = 5

func (in Input) trouble(limit int) trouble {
	var fresh, known []state.Failure
	for _, f := range in.Failures {
		switch {
		case f.FirstAt.Before(in.Run.Started):
			known = append(known, f)
		case f.RunID == in.Run.ID:
			fresh = append(fresh, f)
		}
	}
	slices.SortFunc(fresh, func(x, y state.Failure) int {
		return cmp.Or(cmp.Compare(x.Key, y.Key), cmp.Compare(x.RecordID, y.RecordID))
	})
	t := trouble{N: int64(len(fresh)), Run: in.runTrouble(), Known: in.known(known)}
	causes := collapsed(fresh)
	t.More = in.more(len(causes)-limit, "failures")
	for _, alike := range causes[:min(len(causes), limit)] {
		t.Rows = append(t.Rows, rowOf(alike))
	}
	return t
}

// collapsed puts failures of the same words together, in the order of the first of each.
func collapsed(failures []state.Failure) [][]state.Failure {
	type cause struct{ class, message string }
	at := map[cause]int{}
	var causes [][]state.Failure
	for _, f := range failures {
		i, known := at[cause{f.Class, f.Message}]
		if !known {
			i = len(causes)
			at[cause{f.Class, f.Message}] = i
			causes = append(causes, nil)
		}
		causes[i] = append(causes[i], f)
	}
	return causes
}

func rowOf(alike []state.Failure) failureRow {
	row := failureRow{Class: words(alike[0].Class), Message: plain(alike[0].Message)}
	for _, f := range alike[:min(len(alike), namesShown)] {
		row.Names = append(row.Names, nameOf(f.Key, f.RecordID))
	}
	if n := len(alike) - namesShown; n > 0 {
		row.Others = fmt.Sprintf("and %s more", grouped(int64(n)))
	}
	return row
}

func (in Input) runTrouble() string {
	why := plain(in.Run.Error)
	switch in.Run.State {
	case state.RunFailed:
		return "The run failed: " + cmp.Or(why, "no reason is known") + "."
	case state.RunHeld:
		return fmt.Sprintf("The run is held and nothing was touched: %s. To go on: `whmcsync approve %d`. To drop it: `whmcsync reject %d`.",
			cmp.Or(why, "what was listed is not plausible"), in.Run.ID, in.Run.ID)
	default:
		return ""
	}
}

// known is the one line about failures that are older than the run.
func (in Input) known(failures []state.Failure) string {
	if len(failures) == 0 {
		return ""
	}
	classes, since := map[string]int64{}, failures[0].FirstAt
	for _, f := range failures {
		classes[f.Class]++
		if f.FirstAt.Before(since) {
			since = f.FirstAt
		}
	}
	var parts []string
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		parts = append(parts, grouped(classes[class])+" "+words(class))
	}
	atLeast := ""
	if in.Open > len(in.Failures) {
		atLeast = "at least "
	}
	return fmt.Sprintf("%s from before %s still open (%s), the oldest %ssince %s: `%s`", counted(int64(len(failures)), "failure", "failures"),
		isOrAre(len(failures)), strings.Join(parts, ", "), atLeast, since.In(in.Zone).Format(time.DateOnly), in.command("failures"))
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
