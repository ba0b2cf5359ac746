package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/services"
	"github.com/whmcsync/whmcsync/internal/state/postgres"
)

// unhosted adds to why the embedded PostgreSQL did not come up what to do about it.
func (a *App) unhosted(err error) error {
	switch {
	case homeless(err):
		return fault.Advise(fmt.Errorf("the embedded PostgreSQL cannot keep its data below state_dir %s: %w", a.Config.StateDir, err),
			"make room there, let this user write there, or name another folder in state_dir")
	case errors.Is(err, services.ErrNotInstalled):
		return fault.Advise(fmt.Errorf("embedded PostgreSQL: %w", err), "install PostgreSQL on this machine, or set postgres.url to a server of yours")
	}
	return fault.Advise(fmt.Errorf("embedded PostgreSQL: %w", err), "mend what it says, or set postgres.url to a server of yours")
}

// homeless says that a folder cannot be used, or that its disk is full.
func homeless(err error) bool {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Op != "fork/exec"
	}
	return slices.ContainsFunc([]error{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS}, func(cause error) bool { return errors.Is(err, cause) })
}

// connectPostgres opens the database of the state.
func connectPostgres(ctx context.Context, url string, conns int) (*postgres.Store, error) {
	store, err := postgres.Open(ctx, url, conns)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && slices.Contains([]string{"28P01", "28000", "3D000"}, pg.Code) {
		return nil, fault.Advise(&refusal{pg, err}, "set the right user, password and database in postgres.url of the configuration, "+
			"or in the variable or file that it takes them from; a database that does not exist has to be created first")
	}
	return store, err
}

// refusal says in plain words that PostgreSQL lets nobody in by postgres.url. It keeps the class of the error.
type refusal struct {
	answer *pgconn.PgError
	err    error
}

func (r *refusal) Error() string {
	return "PostgreSQL refused the user, password or database of postgres.url: " + r.answer.Message
}

func (r *refusal) Unwrap() error { return r.err }
