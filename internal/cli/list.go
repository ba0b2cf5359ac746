package cli

import (
	"context"
	"fmt"

	"github.com/whmcsync/whmcsync/internal/app"
)

// list is how one kind of long list is read and printed, newest first.
type list[T any] struct {
	sync  string // "" = of all
	none  string // what is said of an empty one
	read  func(a *app.App, limit int) ([]T, error)
	id    func(T) int64
	table func(rows []T)
	json  func(rows []T, next int64) error // next: the id behind which more follow, 0 = none
}

// print reads one page and prints it.
func (l list[T]) print(ctx context.Context, e *env, p paging) error {
	limit, err := p.ask()
	if err != nil {
		return err
	}
	a, err := e.openSync(ctx, l.sync)
	if err != nil {
		return err
	}
	defer a.Close()
	rows, err := l.read(a, limit)
	if err != nil {
		return err
	}
	rows, next := cut(p, rows, l.id)
	switch {
	case e.json:
		return l.json(rows, next)
	case len(rows) == 0:
		fmt.Fprintln(e.out, l.none)
	default:
		l.table(rows)
		e.printMore(next)
	}
	return nil
}
