package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/whmcsync/whmcsync/internal/fault"
)

// defaultConns is how many connections a store opens at most when Open is not told.
const defaultConns = 8

// Store is the state of all syncs in one database. Its methods may be called by many goroutines at once.
type Store struct {
	durable *pgxpool.Pool // a commit waits for the disk
	quick   *pgxpool.Pool // reads and lease bookkeeping: a commit does not wait for the disk
	config  *pgx.ConnConfig
}

// Open connects to the database at url (postgres://...) with at most maxConns connections (0 = 8; at least 2).
// It does not migrate. fault.Refused when the url is not one, fault.Transient when the database cannot be reached.
func Open(ctx context.Context, url string, maxConns int) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fault.New(fault.Refused, "", "connect to PostgreSQL", "the url is not a valid one (postgres://user:password@host:5432/database)")
	}
	prepare(config)
	if maxConns <= 0 {
		maxConns = defaultConns
	}
	half := max(int32(maxConns)/2, 1)
	s := &Store{config: config.ConnConfig.Copy()}
	if s.durable, err = open(ctx, config.Copy(), max(int32(maxConns)-half, 1), "on"); err != nil {
		return nil, broken("connect to PostgreSQL", err)
	}
	if s.quick, err = open(ctx, config, half, "off"); err != nil {
		s.durable.Close()
		return nil, broken("connect to PostgreSQL", err)
	}
	if err := s.Ping(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// prepare sets what every connection has in common. Every statement finds its few rows by an index. During a first load
// the planner's statistics still speak of empty tables, so it is told not to read whole ones; and short statements gain
// nothing from just-in-time compilation.
func prepare(config *pgxpool.Config) {
	params := config.ConnConfig.RuntimeParams
	params["application_name"] = "whmcsync"
	params["timezone"] = "UTC"
	for _, feature := range []string{"jit", "enable_seqscan", "enable_hashjoin", "enable_mergejoin"} {
		params[feature] = "off"
	}
	params["statement_timeout"] = milliseconds(statementTimeout)
	params["idle_in_transaction_session_timeout"] = milliseconds(statementTimeout)
	config.AfterConnect = readTimesAsUTC
}

// statementTimeout bounds every statement and every pause within a transaction.
const statementTimeout = 30 * time.Second

func readTimesAsUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name:  "timestamptz",
		OID:   pgtype.TimestamptzOID,
		Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

func open(ctx context.Context, config *pgxpool.Config, conns int32, synchronous string) (*pgxpool.Pool, error) {
	config.MaxConns = conns
	config.ConnConfig.RuntimeParams["synchronous_commit"] = synchronous
	return pgxpool.NewWithConfig(ctx, config)
}

// Close ends all connections, waiting for the statements that are under way.
func (s *Store) Close() {
	s.quick.Close()
	s.durable.Close()
}

// Ping proves that the database answers.
func (s *Store) Ping(ctx context.Context) error {
	return broken("reach PostgreSQL", s.durable.Ping(ctx))
}
