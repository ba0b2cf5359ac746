package clientsync

import (
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/workers"
)

// tally counts what became of the records of a batch.
type tally struct {
	counts state.Counts
	done   map[string]string // by address, the count of what an earlier attempt of the batch applied
	failed map[int64]bool
}

func newTally(c crowd, e workers.Earlier) *tally {
	t := &tally{counts: state.Counts{}, done: map[string]string{}, failed: c.failed}
	for email, changes := range e.Applied {
		t.done[email] = countKey(changes[len(changes)-1])
	}
	t.add(state.CountRecords, c.clients)
	t.add(state.CountMerged, c.merged)
	t.add(state.CountFailed, len(c.invalid))
	t.add(state.SkipPrefix+"invalid_email", c.reported)
	return t
}

func (t *tally) add(key string, n int) {
	if n != 0 {
		t.counts[key] += int64(n)
	}
}

// count files a person that needs nothing (more). What an earlier attempt of the batch did keeps its name.
func (t *tally) count(d Decision) {
	key := state.CountUnchanged
	if d.Skip != "" {
		key = state.SkipPrefix + d.Skip
	}
	if did, ok := t.done[d.Wish.Email]; ok {
		key = did
	} else if d.Skip == refusedWish && t.failed[d.Wish.Lead] {
		key = state.CountFailed
	}
	t.add(key, 1)
}

// countKey is the count that a change which was applied belongs to.
func countKey(c state.Change) string {
	switch {
	case c.Side == state.SideSource:
		return state.CountWroteBack
	case c.Field == subscriberField:
		return state.CountCreated
	case detached(c):
		return state.CountDetached
	default:
		return state.CountUpdated
	}
}
