package postgres

import (
	"cmp"
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/whmcsync/whmcsync/internal/state"
)

const requestColumns = `id, sync, trigger, full_listing, notify, requested_at, run_id, refused`

func scanRequest(row pgx.CollectableRow) (state.Request, error) {
	var r state.Request
	err := row.Scan(&r.ID, &r.Sync, &r.Trigger, &r.Full, &r.Notify, moment{&r.RequestedAt}, &r.RunID, &r.Refused)
	return r, err
}

// RequestRun notes the wish for a run now (Sync, Trigger, Full, Notify) and returns its id. state.ErrNotFound for an
// unknown sync.
func (s *Store) RequestRun(ctx context.Context, r state.Request) (id int64, err error) {
	err = s.durable.QueryRow(ctx, `
		INSERT INTO requests (sync, trigger, full_listing, notify) VALUES ($1, $2, $3, $4) RETURNING id`,
		r.Sync, r.Trigger, r.Full, r.Notify).Scan(&id)
	return id, broken("request a run", err)
}

// OpenRequests reads the requests of a sync that were neither taken nor refused, oldest first.
func (s *Store) OpenRequests(ctx context.Context, sync string) ([]state.Request, error) {
	rows, _ := s.quick.Query(ctx, `
		SELECT `+requestColumns+` FROM requests WHERE sync = $1 AND run_id = 0 AND refused = '' ORDER BY id`, sync)
	return all("read the requests", rows, scanRequest)
}

// Request reads one request. state.ErrNotFound for an unknown id.
func (s *Store) Request(ctx context.Context, id int64) (state.Request, error) {
	rows, _ := s.quick.Query(ctx, `SELECT `+requestColumns+` FROM requests WHERE id = $1`, id)
	return one("read the request", rows, scanRequest)
}

// RefuseRequest notes why a request is not taken. state.ErrNotFound when there is no such open request.
func (s *Store) RefuseRequest(ctx context.Context, id int64, why string) error {
	return s.exactlyOne(ctx, "refuse the request", `
		UPDATE requests SET refused = $2 WHERE id = $1 AND run_id = 0 AND refused = ''`, id, clean(cmp.Or(why, "refused")))
}
