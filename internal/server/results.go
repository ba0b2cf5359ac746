package server

import (
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/state"
)

// ResultNames tell what the counts of a run mean, in the order in which people want to read them.
var ResultNames = []struct{ Name, Text string }{
	{state.CountRecords, "records looked at"},
	{state.CountCreated, "created"},
	{state.CountUpdated, "updated"},
	{state.CountDetached, "taken out of our groups"},
	{state.CountWroteBack, "opt-outs written to WHMCS"},
	{"reverted", "changes reverted"},
	{state.CountUnchanged, "as they should be"},
	{state.CountMerged, "share an address with another client"},
	{state.CountDeferred, "left to the end of the run"},
	{state.CountHeld, "held: beyond the guard's limit"},
	{state.CountFailed, "failed"},
	{state.CountStanding, "differences noticed before, still standing"},
	{state.SkipPrefix + "no_consent", "left out: no consent"},
	{state.SkipPrefix + "closed", "left out: closed"},
	{state.SkipPrefix + "inactive", "left out: inactive"},
	{state.SkipPrefix + "no_group", "left out: no group's rule holds"},
	{state.SkipPrefix + "moved", "left out: address changed"},
	{state.SkipPrefix + "deleted", "left out: deleted"},
	{state.SkipPrefix + "unsubscribed", "left out: unsubscribed on the list"},
	{state.SkipPrefix + "bounced", "left out: bounced"},
	{state.SkipPrefix + "complained", "left out: reported spam"},
	{state.SkipPrefix + "banned", "left out: banned"},
	{state.SkipPrefix + "refused", "left out: refused before"},
	{state.SkipPrefix + "invalid_email", "left out: address not valid"},
	{state.SkipPrefix + "busy", "looked at again: written by another batch"},
	{state.SkipPrefix + "left_to_transfers", "left to the sync of transfers"},
	{state.SkipPrefix + "not_expected", "need not be at the registrar"},
	{state.SkipPrefix + "not_at_registrar", "not at the registrar, looked for not long ago"},
	{state.SkipPrefix + "settings_refused", "settings refused by the registrar before"},
	{state.SkipPrefix + "pending", "transfers under way"},
	{state.SkipPrefix + "not_pending", "transfers that have ended meanwhile"},
	{state.CountCalls, "API calls"},
}

// Result is one count of a run in words.
type Result struct {
	Name  string // a key of state.Counts
	Text  string
	Count int64
}

// Results are the counts that are not zero, in order; those without words of their own come last, by name.
func Results(counts map[string]int64) []Result {
	var out []Result
	for _, known := range ResultNames {
		if n := counts[known.Name]; n != 0 {
			out = append(out, Result{known.Name, known.Text, n})
		}
	}
	for _, c := range chips(counts) {
		if !slices.ContainsFunc(out, func(r Result) bool { return r.Name == c.Name }) {
			out = append(out, Result{c.Name, strings.ReplaceAll(c.Name, "_", " "), c.Count})
		}
	}
	return out
}
