package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/schedule"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/mysql"
)

// source is one WHMCS database, opened and probed when it is first needed: one that is down at the start stops nobody
// else.
type source struct {
	name   string
	config config.Source
	api    sourceAPI

	mu       sync.Mutex
	db       *mysql.DB
	features whmcs.Features
	probed   time.Time
}

// probeEvery is how often the columns are looked at again, so that an upgrade of WHMCS or a new grant is noticed.
const probeEvery = 10 * time.Minute

func (s *source) open(ctx context.Context) (*mysql.DB, whmcs.Features, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		db, err := mysql.New(mysql.Config{Name: s.name, DSN: s.config.DSN.Reveal(), Timezone: s.config.Timezone})
		if err != nil {
			return nil, whmcs.Features{}, err
		}
		s.db = db
	}
	if time.Since(s.probed) > probeEvery {
		features, err := s.db.Probe(ctx)
		if err != nil {
			return nil, whmcs.Features{}, err
		}
		s.features, s.probed = features, time.Now()
	}
	return s.db, s.features, nil
}

func (s *source) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db != nil {
		_ = s.db.Close()
		s.db = nil
	}
}

// Spots and ChangedSince open the source when they are called.
func (s *source) Spots(ctx context.Context, after int64, limit int) ([]whmcs.Spot, error) {
	db, _, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	return db.Spots(ctx, after, limit)
}

func (s *source) ChangedSince(ctx context.Context, cursor time.Time, limit int) (whmcs.Changed, error) {
	db, features, err := s.open(ctx)
	if err != nil || !features.UpdatedAt {
		return whmcs.Changed{Cursor: cursor}, err
	}
	changed, err := db.ChangedSince(ctx, cursor, limit)
	if errors.Is(err, mysql.ErrTooMany) {
		return changed, schedule.ErrTooMany
	}
	return changed, err
}
