package mysql

import (
	"context"
	"database/sql"
	"html"
	"strings"
	"time"
)

// LogActivity adds one line by System to the activity log of WHMCS. Without the right to do so it does nothing: see
// Features.ActivityLog. Keep lines short and few, WHMCS prunes them by number.
func (d *DB) LogActivity(ctx context.Context, line string) error {
	const op = "write to the activity log"
	columns, err := d.columns(ctx, insertLog.table)
	if err != nil {
		return d.fail(op, insertLog, err)
	}
	if !columns.may(insertLog) {
		return nil
	}
	err = insert(ctx, d.pool, insertLog.table, columns, d.now(), map[string]any{
		"description": html.EscapeString(basicPlane(line)), "user": "System",
	})
	return d.fail(op, insertLog, err)
}

// now is the wall clock of WHMCS's zone and the instant that it shows.
func (d *DB) now() time.Time { return time.Now().In(d.zone).Truncate(time.Second) }

// basicPlane replaces what a column in three-byte utf8 cannot hold.
func basicPlane(s string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xFFFF {
			return '?'
		}
		return r
	}, s)
}

// insert writes one row with the values given and something empty in every other column that the server would not
// fill in by itself: versions differ in their columns, and a strict session wants them all.
func insert(ctx context.Context, into execer, table string, columns columns, now time.Time, values map[string]any) error {
	var names []string
	var args []any
	for _, c := range columns {
		value, known := values[c.name]
		switch {
		case !c.allows("insert"):
			continue
		case known:
		case c.kind == "timestamp":
			value = now.UTC().Format(time.DateTime) // the session's zone
		case c.kind == "datetime":
			value = now.Format(time.DateTime)
		case c.nullable || c.filled:
			continue
		default:
			value = empty(c.kind)
		}
		names = append(names, "`"+c.name+"`")
		args = append(args, value)
	}
	_, err := into.ExecContext(ctx, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES ("+marks(len(names))+")", args...)
	return err
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func empty(kind string) any {
	switch {
	case strings.Contains(kind, "text"), strings.Contains(kind, "char"):
		return ""
	}
	return 0
}
