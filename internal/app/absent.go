package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Absent is a record that somebody named and that a sync is not about (any more).
type Absent struct {
	RecordID int64
	Why      string // in plain words
	Known    bool   // something is remembered of it, which is still to be settled
}

// Absent finds those of the records named that a sync is not about, by id.
func (a *App) Absent(ctx context.Context, sync string, ids []int64) ([]Absent, error) {
	why, err := a.missing(ctx, a.Config.Syncs[sync], ids)
	if err != nil || len(why) == 0 {
		return nil, err
	}
	missing := slices.Sorted(maps.Keys(why))
	known, err := a.remembered(ctx, sync, missing)
	absent := make([]Absent, len(missing))
	for i, id := range missing {
		absent[i] = Absent{RecordID: id, Why: why[id], Known: known[id]}
	}
	return absent, err
}

// missing says of the records that WHMCS does not have, or that belong to no sync of this configuration, why.
func (a *App) missing(ctx context.Context, cfg config.Sync, ids []int64) (map[int64]string, error) {
	if isDomains(cfg) {
		return newDomainRows(a.sources[cfg.Source], cfg).missing(ctx, ids)
	}
	db, features, err := a.sources[cfg.Source].open(ctx)
	if err != nil {
		return nil, err
	}
	clients, err := db.ClientsByIDs(ctx, features, whmcs.Wish{}, ids)
	missing := all(ids, "WHMCS has no such client")
	for _, client := range clients {
		delete(missing, client.ID)
	}
	return missing, err
}

func all(ids []int64, why string) map[int64]string {
	each := make(map[int64]string, len(ids))
	for _, id := range ids {
		each[id] = why
	}
	return each
}

func (r *domainRows) missing(ctx context.Context, ids []int64) (map[int64]string, error) {
	db, features, _, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := db.DomainsByIDs(ctx, features, whmcs.DomainFilter{}, ids)
	if err != nil {
		return nil, err
	}
	missing := all(ids, "WHMCS has no such domain")
	for _, row := range rows {
		missing[row.ID] = r.objection(row)
	}
	ours, err := r.DomainsByIDs(ctx, ids)
	for _, row := range ours {
		delete(missing, row.ID)
	}
	return missing, err
}

// objection says why a row that exists is not one of ours.
func (r *domainRows) objection(row whmcs.Domain) string {
	switch r.filter.Sieve().Objection(row) {
	case whmcs.OtherRegistrar:
		return fmt.Sprintf("its registrar is %q", row.Registrar)
	case whmcs.OtherStatus:
		return fmt.Sprintf("its status is %s", row.Status)
	case whmcs.ExcludedClient:
		return "its client is excluded"
	case whmcs.ExcludedName:
		return "its name or extension is excluded"
	default:
		return "its client has a service in an excluded product group"
	}
}

// unlisted says why no row of a name is one of ours.
func (r *domainRows) unlisted(ctx context.Context, sync string, name registrar.Name) error {
	rows, err := r.RowsByNames(ctx, []registrar.Name{name})
	if err != nil {
		return err
	}
	var why []string
	for _, row := range rows {
		if called, err := registrar.ParseName(row.RawName); err == nil && called == name {
			why = append(why, fmt.Sprintf("domain %d, %s", row.ID, r.objection(row)))
		}
	}
	if len(why) == 0 {
		why = []string{"WHMCS has no such domain"}
	}
	return fault.New(fault.NotFound, "", sync, "%s is not in this sync: %s", name, strings.Join(why, "; "))
}

// remembered tells of which records a sync remembers something.
func (a *App) remembered(ctx context.Context, sync string, ids []int64) (map[int64]bool, error) {
	set, err := a.Store.RecordsByIDs(ctx, sync, ids)
	known := map[int64]bool{}
	for _, row := range set.Roster {
		known[row.RecordID] = true
	}
	for _, memory := range set.Memories {
		known[memory.RecordID] = true
	}
	for _, failure := range set.Failures {
		known[failure.RecordID] = true
	}
	return known, err
}
