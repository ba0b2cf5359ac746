package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
)

// answers are the errors that callers act upon; they leave the package as they are.
var answers = []error{
	state.ErrNotFound, state.ErrRunExists, state.ErrRunInProgress, state.ErrConflict,
	state.ErrStale, state.ErrLeaseLost, state.ErrNothing,
}

// hints tell what to do about an SQLSTATE.
var hints = map[string]string{
	"28P01": "the user or password was refused",
	"28000": "the user may not connect; look at pg_hba.conf",
	"3D000": "the database does not exist; create it first",
	"42P01": "the schema is not the one of this program; run `whmcsync migrate`, or replace the program if it is the older one",
	"42703": "the schema is not the one of this program; run `whmcsync migrate`, or replace the program if it is the older one",
	"42501": "the database user lacks a permission",
	"53300": "PostgreSQL has no connection left; raise max_connections or lower the number of workers",
	"57014": "the statement took too long and was cancelled",
}

// broken classifies whatever came from PostgreSQL. nil stays nil.
func broken(op string, err error) error {
	if err == nil {
		return nil
	}
	if isAnswer(err) {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return state.ErrNotFound
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return brokenByServer(op, pg)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return fault.New(fault.Transient, "", op, "PostgreSQL cannot be reached; is it running, and is the url right? (%w)", eachOnce{err})
	}
	return fault.New(fault.Transient, "", op, "%w", err)
}

// eachOnce tells each cause of a connection that failed once, on one line: pgx tries every address with TLS and without,
// and repeats itself.
type eachOnce struct{ err error }

func (e eachOnce) Error() string {
	told, causes, several := strings.Cut(e.err.Error(), "\n")
	if !several {
		return told
	}
	var once []string
	for cause := range strings.Lines(causes) {
		if cause = strings.TrimSpace(cause); !slices.Contains(once, cause) {
			once = append(once, cause)
		}
	}
	return told + " " + strings.Join(once, "; ")
}

func (e eachOnce) Unwrap() error { return e.err }

func brokenByServer(op string, pg *pgconn.PgError) error {
	switch {
	case pg.Code == "23503":
		return fmt.Errorf("%s: %w", op, state.ErrNotFound)
	case pg.Code[:2] == "22" || pg.Code[:2] == "23":
		return fault.New(fault.Refused, "", op, "PostgreSQL does not take the value: %w", pg)
	case hints[pg.Code] != "":
		return fault.New(fault.Transient, "", op, "%s (%w)", hints[pg.Code], pg)
	}
	return fault.New(fault.Transient, "", op, "%w", pg)
}

func isAnswer(err error) bool {
	return slices.ContainsFunc(answers, func(answer error) bool { return errors.Is(err, answer) })
}

// violates says that err is the violation of the named unique index.
func violates(err error, index string) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "23505" && pg.ConstraintName == index
}

// unlessThere turns "no such row" of a compare-and-set into state.ErrConflict.
func unlessThere(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return state.ErrConflict
	}
	return err
}

// moved is the error of a compare-and-set that is one statement: state.ErrConflict when it found nothing to set.
func moved(op string, tag pgconn.CommandTag, err error) error {
	if err == nil && tag.RowsAffected() == 0 {
		return state.ErrConflict
	}
	return broken(op, err)
}

// deadlocked says that PostgreSQL gave this transaction up so that another could go on.
func deadlocked(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40P01" || pg.Code == "40001")
}

// transact runs fn in one durable transaction, again when it was the victim of a deadlock.
func (s *Store) transact(ctx context.Context, op string, fn func(pgx.Tx) error) error {
	const tries = 4
	var err error
	for range tries {
		err = pgx.BeginFunc(ctx, s.durable, fn)
		if !deadlocked(err) {
			break
		}
	}
	return broken(op, err)
}
