package postgres

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/whmcsync/whmcsync/internal/state"
)

// moment scans a timestamptz, NULL as the zero time.
type moment struct{ t *time.Time }

// ScanTimestamptz implements pgtype.TimestamptzScanner.
func (m moment) ScanTimestamptz(v pgtype.Timestamptz) error {
	*m.t = v.Time
	return nil
}

// whenSet passes a time, the zero time as NULL.
func whenSet(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// orEmpty passes counts; jsonb's null is no object.
func orEmpty(c state.Counts) state.Counts {
	if c == nil {
		return state.Counts{}
	}
	return c
}

// clean makes an outside text one that PostgreSQL takes: valid UTF-8 without NUL. One bad byte in one record must not
// fail the batch it is in.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

// column picks one column out of rows, for unnest.
func column[R, V any](rows []R, pick func(R) V) []V {
	values := make([]V, len(rows))
	for i, row := range rows {
		values[i] = pick(row)
	}
	return values
}

// filter keeps the rows that are wanted, in a new slice.
func filter[R any](rows []R, wanted func(R) bool) (kept []R) {
	for _, row := range rows {
		if wanted(row) {
			kept = append(kept, row)
		}
	}
	return kept
}

// texts picks one column of outside text out of rows.
func texts[R any](rows []R, pick func(R) string) []string {
	return column(rows, func(row R) string { return clean(pick(row)) })
}

// arrayText writes numbers as the literal of a bigint[], nil as nil: arrays of arrays cannot be unnested row by row.
func arrayText(numbers []int64) *string {
	if numbers == nil {
		return nil
	}
	text := make([]string, len(numbers))
	for i, n := range numbers {
		text[i] = strconv.FormatInt(n, 10)
	}
	literal := "{" + strings.Join(text, ",") + "}"
	return &literal
}

// sortedSet returns the distinct values of s in order, as a new slice.
func sortedSet(s []int64) []int64 {
	return slices.Compact(slices.Sorted(slices.Values(s)))
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// limit is the LIMIT clause, nothing for 0.
func limit(n int) string {
	if n <= 0 {
		return ""
	}
	return " LIMIT " + strconv.Itoa(n)
}

// cleanPointer cleans the text pointed at, if any.
func cleanPointer(text *string) *string {
	if text == nil {
		return nil
	}
	cleaned := clean(*text)
	return &cleaned
}

// where collects conditions and their arguments.
type where struct {
	parts []string
	args  []any
}

// and adds a condition; its ? stands for the argument.
func (w *where) and(condition string, arg any) {
	w.args = append(w.args, arg)
	w.parts = append(w.parts, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(w.args))))
}

func (w *where) String() string {
	if len(w.parts) == 0 {
		return "true"
	}
	return strings.Join(w.parts, " AND ")
}

// one reads the only row; state.ErrNotFound without one.
func one[T any](op string, rows pgx.Rows, scan pgx.RowToFunc[T]) (T, error) {
	v, err := pgx.CollectExactlyOneRow(rows, scan)
	return v, broken(op, err)
}

// all reads every row.
func all[T any](op string, rows pgx.Rows, scan pgx.RowToFunc[T]) ([]T, error) {
	v, err := pgx.CollectRows(rows, scan)
	return v, broken(op, err)
}
