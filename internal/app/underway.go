package app

import (
	"context"
	"time"

	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

// underway lists the transfers in that a sync has seen pending and that have not come to their end, the oldest first; none
// for a sync of another type.
func (a *App) underway(ctx context.Context, sync string) ([]server.Transfer, error) {
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

// transfersOf sums up what underway lists, and keeps the list if each is asked for; nil for a sync that follows no transfers.
func (a *App) transfersOf(ctx context.Context, sync string, each bool) (*server.Transfers, error) {
	if a.Config.Syncs[sync].Type != "transfers" {
		return nil, nil //nolint:nilnil // there is nothing to follow
	}
	all, err := a.underway(ctx, sync)
	sum := server.TransfersOf(all)
	if each {
		sum.Domains = all
	}
	return sum, err
}
