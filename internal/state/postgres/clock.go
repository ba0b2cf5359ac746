package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Clock is the database's clock, by which leases and pauses go.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	rows, _ := s.quick.Query(ctx, `SELECT clock_timestamp()`)
	return one("read the clock", rows, pgx.RowTo[time.Time])
}
