package app

import (
	"context"
	"time"

	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

// Underway lists the transfers in that a sync has seen pending and that have not come to their end, the oldest first; none
// for a sync of another type.
func (a *App) Underway(ctx context.Context, sync string) ([]server.Transfer, error) {
	if a.Config.Syncs[sync].Type != "transfers" {
		return nil, nil
	}
	memories, err := a.Store.MemoriesWith(ctx, sync, domainsync.UnderwayField)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	var views []server.Transfer
	for _, u := range domainsync.UnderwayIn(memories) {
		views = append(views, server.Transfer{Name: u.Name, RecordID: u.RecordID, Since: u.Since, Days: u.Days(now), Says: u.Waits})
	}
	return views, nil
}

// transfersOf sums up what Underway lists; nil for a sync that follows no transfers.
func (a *App) transfersOf(ctx context.Context, sync string) (*server.Transfers, error) {
	if a.Config.Syncs[sync].Type != "transfers" {
		return nil, nil //nolint:nilnil // there is nothing to follow
	}
	all, err := a.Underway(ctx, sync)
	return server.TransfersOf(all), err
}
