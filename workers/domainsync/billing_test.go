package domainsync_test

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

const (
	elsewhere = "another" // registrar
	excluded  = 99        // client
)

// billing is a WHMCS in memory, with a hook before and one after each write. A sync sees the rows in the statuses given, of
// any registrar but one, and of all clients but one.
type billing struct {
	statuses      []whmcs.DomainStatus // none = all
	mu            sync.Mutex
	asked         int // for rows by name
	rows          map[int64]whmcs.Domain
	written       []whmcs.DomainWrite
	before, after func(id int64) error
}

func (b *billing) choose(is func(int64) bool) ([]whmcs.Domain, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var chosen []whmcs.Domain
	for _, id := range slices.Sorted(maps.Keys(b.rows)) {
		if is(id) {
			chosen = append(chosen, b.rows[id])
		}
	}
	return chosen, nil
}

func (b *billing) selected(rows []whmcs.Domain, err error) ([]whmcs.Domain, error) {
	return slices.DeleteFunc(rows, func(d whmcs.Domain) bool {
		return len(b.statuses) > 0 && !slices.Contains(b.statuses, d.Status) || d.Registrar == elsewhere || d.ClientID == excluded
	}), err
}

func (b *billing) Domains(_ context.Context, from, to int64) ([]whmcs.Domain, error) {
	return b.selected(b.choose(func(id int64) bool { return id > from && id <= to }))
}

func (b *billing) DomainsByIDs(ctx context.Context, ids []int64) ([]whmcs.Domain, error) {
	return b.selected(b.RowsByIDs(ctx, ids))
}

func (b *billing) RowsByIDs(_ context.Context, ids []int64) ([]whmcs.Domain, error) {
	return b.choose(func(id int64) bool { return slices.Contains(ids, id) })
}

func (b *billing) RowsByNames(_ context.Context, names []registrar.Name) ([]whmcs.Domain, error) {
	b.mu.Lock()
	b.asked++
	b.mu.Unlock()
	return b.choose(func(id int64) bool {
		name, err := registrar.ParseName(b.rows[id].RawName)
		return err == nil && slices.Contains(names, name)
	})
}

func (b *billing) Spots(_ context.Context, after int64, limit int) (spots []whmcs.Spot, err error) {
	all, err := b.choose(func(id int64) bool { return id > after })
	for _, row := range all[:min(limit, len(all))] {
		spots = append(spots, whmcs.Spot{ID: row.ID, Raw: row.RawName})
	}
	return spots, err
}

func (b *billing) WriteDomain(_ context.Context, write whmcs.DomainWrite) (bool, error) {
	if err := write.Check(today); err != nil {
		return false, fault.New(fault.Refused, "main", "write domain", "%w", err)
	}
	if err := call(b.before, write.ID); err != nil {
		return false, err
	}
	current := b.rows[write.ID]
	if current.Values() != write.Old {
		return false, nil
	}
	current.Status, current.Expiry, current.NextDue, current.NextInvoice = write.New.Status, write.New.Expiry, write.New.NextDue, write.New.NextInvoice
	current.DoNotRenew, current.IDProtection = write.New.DoNotRenew, write.New.IDProtection
	b.put(current)
	b.written = append(b.written, write)
	return true, call(b.after, write.ID)
}

func call(hook func(int64) error, id int64) error {
	if hook == nil {
		return nil
	}
	return hook(id)
}

func (b *billing) put(rows ...whmcs.Domain) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, row := range rows {
		b.rows[row.ID] = row
	}
}
