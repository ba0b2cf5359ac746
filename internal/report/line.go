package report

import (
	"fmt"
	"strings"

	"github.com/whmcsync/whmcsync/internal/state"
)

// ActivityLine is the one line that a run over domains leaves in the activity log of WHMCS:
//
//	whmcsync op-domains run 12: 14 expiry dates, 12 due dates, 2 statuses (1 held)
//
// It tells what was written to WHMCS; "" when that is nothing. totals are those of the run.
func ActivityLine(run state.Run, totals []state.ChangeTotal) string {
	applied, held := map[string]int64{}, int64(0)
	for _, total := range totals {
		switch total.State {
		case state.ChangeApplied:
			applied[total.Field] += total.N
		case state.ChangeHeld:
			held += total.N
		}
	}
	var parts []string
	for _, written := range []struct {
		n         int64
		one, many string
	}{
		{applied[fieldExpiry], "expiry date", "expiry dates"},
		{max(applied[fieldNextDue], applied[fieldNextInvoice]), "due date", "due dates"}, // an invoice date follows its due date
		{applied[fieldStatus], "status", "statuses"},
	} {
		if written.n > 0 {
			parts = append(parts, counted(written.n, written.one, written.many))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	line := fmt.Sprintf("whmcsync %s run %d: %s", run.Sync, run.ID, strings.Join(parts, ", "))
	if held > 0 {
		line += fmt.Sprintf(" (%s held)", grouped(held))
	}
	return line
}
