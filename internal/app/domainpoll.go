package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/schedule"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/mysql"
)

// domainPoller looks for domains that somebody else has changed: what we write ourselves moves updated_at as well, and
// each domain that is pointed at costs a call.
type domainPoller struct {
	app   *App
	rows  *domainRows
	syncs []string // that write into the same rows
}

func (a *App) domainPoller(rows *domainRows, cfg config.Sync) domainPoller {
	poller := domainPoller{app: a, rows: rows}
	for name, other := range a.Config.Syncs {
		if isDomains(other) && other.Source == cfg.Source {
			poller.syncs = append(poller.syncs, name)
		}
	}
	return poller
}

// ChangedSince opens the source when it is called.
func (p domainPoller) ChangedSince(ctx context.Context, cursor time.Time, limit int) (whmcs.Changed, error) {
	db, features, _, err := p.rows.open(ctx)
	if err != nil || !features.UpdatedAt {
		return whmcs.Changed{Cursor: cursor}, err
	}
	// The two clocks may differ by a little.
	written, err := p.app.Store.Written(ctx, p.syncs, cursor.Add(-time.Minute))
	if err != nil {
		return whmcs.Changed{Cursor: cursor}, err
	}
	changed, err := db.DomainsChangedSince(ctx, p.rows.filter, cursor, limit+len(written))
	if errors.Is(err, mysql.ErrTooMany) {
		return changed, schedule.ErrTooMany
	}
	changed.IDs = slices.DeleteFunc(changed.IDs, func(id int64) bool {
		_, ours := slices.BinarySearch(written, id)
		return ours
	})
	return changed, err
}
