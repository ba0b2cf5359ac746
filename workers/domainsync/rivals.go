package domainsync

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers"
)

// precedence orders rows of one name: the first is the one that counts. An Active one goes before all others; of equals,
// and of rows that are all not Active, the newest is the last word of whoever runs WHMCS, even when it has ended.
func precedence(a, b whmcs.Domain) int {
	return cmp.Or(cmp.Compare(inactive(a), inactive(b)), cmp.Compare(b.ID, a.ID))
}

func inactive(d whmcs.Domain) int {
	if d.Status == whmcs.DomainActive {
		return 0
	}
	return 1
}

// dropDoubles leaves of several records of one name the one that counts; the others are reported and not touched.
func (b *batch) dropDoubles(rivals map[registrar.Name][]whmcs.Domain, job workers.Job) {
	for _, r := range b.records {
		rivals[r.name] = append(rivals[r.name], r.row)
	}
	b.records = slices.DeleteFunc(b.records, func(r record) bool {
		first := slices.MinFunc(rivals[r.name], precedence)
		if first.ID == r.row.ID {
			return false
		}
		b.fail(r.row, job, untouched, first.ID, standing(first, r.row))
		return true
	})
}

// untouched is what an operator reads of a row beside which another one counts.
const untouched = "domain %d has the same name (%s); this one was not touched"

// standing says where a row stands, as it is told beside another one.
func standing(d, beside whmcs.Domain) string {
	at := strings.TrimSpace(d.Registrar)
	switch {
	case strings.EqualFold(at, strings.TrimSpace(beside.Registrar)):
		return string(d.Status)
	case at == "":
		return string(d.Status) + ", no registrar"
	default:
		return string(d.Status) + ", registrar " + at
	}
}

// giveWay takes the plan from records beside which a row counts that the sync itself does not read: one that has ended,
// that is excluded, or at another registrar. WHMCS is asked right before the writes, and only about records that have one.
func (e *errand) giveWay(ctx context.Context, ready []Decision) error {
	var names []registrar.Name
	for _, d := range ready {
		if len(d.Changes) > 0 {
			names = append(names, d.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	rows, err := e.Domains.RowsByNames(ctx, names)
	if err != nil {
		return err
	}
	rivals := byName(rows)
	for i := range ready {
		d := &ready[i]
		first := slices.MinFunc(append(rivals[d.Name], d.Row), precedence)
		if len(d.Changes) > 0 && first.ID != d.Row.ID {
			d.giveWay(first)
		}
	}
	return nil
}

// giveWay leaves of a decision what was found out about the name, and the reason why nothing follows.
func (d *Decision) giveWay(first whmcs.Domain) {
	absent := d.After.Absent
	d.Changes, d.Notices, d.Trouble, d.Skip, d.After = nil, nil, nil, "", d.Memo
	d.After.Absent = absent
	d.trouble(fault.Refused, untouched, first.ID, standing(first, d.Row))
}

// byName sorts rows by the name that they mean; those with none are left out.
func byName(rows []whmcs.Domain) map[registrar.Name][]whmcs.Domain {
	sorted := map[registrar.Name][]whmcs.Domain{}
	for _, row := range rows {
		if name, err := registrar.ParseName(row.RawName); err == nil {
			sorted[name] = append(sorted[name], row)
		}
	}
	return sorted
}
