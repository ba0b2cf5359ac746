package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// paging is how much of a long list is shown, newest first.
type paging struct {
	limit  int
	before int64
}

func (p *paging) flags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&p.limit, "limit", 50, "show at most so many, newest first (0 = all)")
	cmd.Flags().Var((*idFlag)(&p.before), "before", "go on behind an earlier page: only ids below this")
}

// ask is how many rows to read: one more than is shown tells that there are more.
func (p paging) ask() (int, error) {
	switch {
	case p.limit < 0:
		return 0, usage("--limit: %d is negative", p.limit)
	case p.limit == 0:
		return 0, nil
	default:
		return p.limit + 1, nil
	}
}

// cut leaves what is to be shown, and the id behind which the next page begins, 0 when there is none.
func cut[T any](p paging, rows []T, id func(T) int64) (shown []T, next int64) {
	if p.limit == 0 || len(rows) <= p.limit {
		return rows, 0
	}
	return rows[:p.limit], id(rows[p.limit-1])
}

// printList prints a list for programs. It is never null; next_before is left out on the last page.
func printList[T any](e *env, name string, rows []T, next int64) error {
	document := map[string]any{name: append([]T{}, rows...)}
	if next != 0 {
		document["next_before"] = next
	}
	return e.printJSON(document)
}

func (e *env) printMore(next int64) {
	if next != 0 {
		fmt.Fprintf(e.out, "There are more: add --before %d\n", next)
	}
}
