package domainsync

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers"
)

// record is one row with the name it is compared by.
type record struct {
	row  whmcs.Domain
	name registrar.Name
}

// batch is what one batch has to settle, and what is remembered of it.
type batch struct {
	records  []record
	known    map[string]state.Memory // by name
	open     map[int64]bool          // records that have an open failure which this batch may end
	failures []state.Failure         // records that cannot even be looked up
	healed   []int64                 // records with an open failure that are no longer ours to settle
}

func (b batch) memo(name registrar.Name) Memo {
	var memo Memo
	if raw := b.known[string(name)].Memo; len(raw) > 0 {
		_ = json.Unmarshal(raw, &memo) // what cannot be read is as good as forgotten
	}
	return memo
}

// read gathers the records of a batch and sorts out those that have no valid name, or whose name is another record's.
func (w *Worker) read(ctx context.Context, job workers.Job) (batch, error) {
	rows, set, err := w.load(ctx, job)
	if err != nil {
		return batch{}, err
	}
	b := batch{known: set.Memories, open: map[int64]bool{}}
	for _, failure := range set.Failures {
		if !lasts(failure) || job.Run.Trigger == state.ByRetry {
			b.open[failure.RecordID] = true
		}
	}
	names := map[int64]registrar.Name{}
	for _, row := range rows {
		name, err := registrar.ParseName(row.RawName)
		if err != nil {
			b.fail(row, job, "the domain name is not valid: %v", err)
			continue
		}
		names[row.ID] = name
		b.records = append(b.records, record{row, name})
	}
	b.addHealed(rows)
	rivals, err := w.enroll(ctx, job, rows, names, set, &b)
	if err != nil {
		return batch{}, err
	}
	b.dropDoubles(rivals, job)
	return b, nil
}

func (w *Worker) load(ctx context.Context, job workers.Job) ([]whmcs.Domain, state.RecordSet, error) {
	b := job.Batch
	if len(b.IDs) > 0 {
		rows, err := w.Domains.DomainsByIDs(ctx, b.IDs)
		if err != nil {
			return nil, state.RecordSet{}, err
		}
		set, err := w.Store.RecordsByIDs(ctx, b.Sync, b.IDs)
		return rows, set, err
	}
	rows, err := w.Domains.Domains(ctx, b.FromID, b.ToID)
	if err != nil {
		return nil, state.RecordSet{}, err
	}
	set, err := w.Store.RecordsByRange(ctx, b.Sync, b.FromID, b.ToID)
	return rows, set, err
}

func (b *batch) fail(row whmcs.Domain, job workers.Job, format string, args ...any) {
	b.failures = append(b.failures, state.Failure{
		RecordID: row.ID, Key: row.RawName, RunID: job.Run.ID, Class: string(fault.Refused), Message: fmt.Sprintf(format, args...),
	})
}

// addHealed finds records with an open failure that were not read: they left the sync.
func (b *batch) addHealed(rows []whmcs.Domain) {
	for id := range b.open {
		if !slices.ContainsFunc(rows, func(row whmcs.Domain) bool { return row.ID == id }) {
			b.healed = append(b.healed, id)
		}
	}
	slices.Sort(b.healed)
}

// enroll brings the roster up to date and returns the other records that share a name with one of the batch, by name.
func (w *Worker) enroll(ctx context.Context, job workers.Job, rows []whmcs.Domain, names map[int64]registrar.Name, set state.RecordSet, b *batch) (map[registrar.Name][]whmcs.Domain, error) {
	put, gone := workers.CompareRoster(namesOf(rows, names), set.Roster)
	if err := w.Store.PutRoster(ctx, job.Batch.Sync, put, gone); err != nil {
		return nil, err
	}
	shared := set.Shared
	if fresh := keys(put); len(fresh) > 0 {
		more, err := w.Store.RosterByKeys(ctx, job.Batch.Sync, fresh)
		if err != nil {
			return nil, err
		}
		known, err := w.Store.MemoriesByKeys(ctx, job.Batch.Sync, fresh)
		if err != nil {
			return nil, err
		}
		maps.Copy(b.known, known)
		shared = append(shared, more...)
	}
	return w.rivals(ctx, shared, names)
}

// namesOf are the names of all rows that were read, "" where one is not valid.
func namesOf(rows []whmcs.Domain, valid map[int64]registrar.Name) map[int64]string {
	names := make(map[int64]string, len(rows))
	for _, row := range rows {
		names[row.ID] = string(valid[row.ID])
	}
	return names
}

func keys(rows []state.RosterRow) []string {
	var keys []string
	for _, row := range rows {
		if row.Key != "" {
			keys = append(keys, row.Key)
		}
	}
	return keys
}

// rivals reads the records outside the batch that share a name with one inside.
func (w *Worker) rivals(ctx context.Context, shared []state.RosterRow, inside map[int64]registrar.Name) (map[registrar.Name][]whmcs.Domain, error) {
	var ids []int64
	for _, row := range shared {
		if _, ours := inside[row.RecordID]; !ours {
			ids = append(ids, row.RecordID)
		}
	}
	if len(ids) == 0 {
		return byName(nil), nil
	}
	rows, err := w.Domains.DomainsByIDs(ctx, ids)
	return byName(rows), err
}
