package domainsync

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/whmcsync/whmcsync/internal/state"
)

// UnderwayField is the field of a memo that transfers under way have, and no others.
const UnderwayField = "pending"

// Underway is a transfer in that was seen pending and has not come to its end.
type Underway struct {
	Name     string
	RecordID int64
	Since    time.Time // when it was first seen pending
	Waits    string    // what the registrar said at the newest look; "" = nothing
}

// Days are the whole days that a transfer has been under way.
func (u Underway) Days(now time.Time) int { return daysSince(u.Since, now) }

func daysSince(since, now time.Time) int { return int(now.Sub(since) / (24 * time.Hour)) }

// aged is all that a run which writes nothing remembers of a look: how long transfers take.
func (m Memo) aged(after Memo) Memo {
	m.Pending, m.Waits = after.Pending, after.Waits
	return m
}

// UnderwayIn finds the transfers under way in what a sync remembers, the oldest first.
func UnderwayIn(memories []state.Memory) []Underway {
	var all []Underway
	for _, m := range memories {
		var memo Memo
		if json.Unmarshal(m.Memo, &memo) == nil && !memo.Pending.IsZero() {
			all = append(all, Underway{Name: m.Key, RecordID: m.RecordID, Since: memo.Pending, Waits: memo.Waits})
		}
	}
	slices.SortFunc(all, func(x, y Underway) int { return cmp.Or(x.Since.Compare(y.Since), cmp.Compare(x.RecordID, y.RecordID)) })
	return all
}
