package mysql

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// clientRow is the scratch space that the rows of one query are scanned into.
type clientRow struct {
	id, group     int64
	email, status text
	optOut, optIn bool
	texts         []text
	targets       []any
}

func (r *clientRow) scan(rows *sql.Rows, names []string, d *DB) error {
	if r.targets == nil {
		if err := r.prepare(rows, names, d.zone); err != nil {
			return err
		}
	}
	return rows.Scan(r.targets...)
}

func (r *clientRow) prepare(rows *sql.Rows, names []string, zone *time.Location) error {
	kinds, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	r.texts = make([]text, len(names))
	r.targets = []any{&r.id, &r.email, &r.status, &r.group, &r.optOut, &r.optIn}
	fixed := len(r.targets)
	for i := range r.texts {
		if kinds[fixed+i].DatabaseTypeName() == "TIMESTAMP" {
			r.texts[i].instantIn = zone
		}
		r.targets = append(r.targets, &r.texts[i])
	}
	return nil
}

func (r *clientRow) client(names []string) whmcs.Client {
	c := whmcs.Client{
		ID:       r.id,
		RawEmail: whmcs.DecodeText(r.email.value),
		Status:   whmcs.ClientStatus(r.status.value),
		GroupID:  r.group,
		OptOut:   r.optOut,
		OptIn:    r.optIn,
		Columns:  make(map[string]string, len(names)+1),
	}
	for i, name := range names {
		c.Columns[name] = whmcs.DecodeText(r.texts[i].value)
	}
	c.Columns["full_name"] = strings.TrimSpace(c.Columns["firstname"] + " " + c.Columns["lastname"])
	return c
}

// text takes a column of any type as text: NULL and zero dates as "", dates without a time of day where there is none.
type text struct {
	value     string
	instantIn *time.Location // set for TIMESTAMP columns, which the session shows in UTC: the zone to show them in
}

// Scan implements sql.Scanner.
func (t *text) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		t.value = ""
	case []byte:
		t.value = string(v)
	case time.Time:
		t.value = t.moment(v)
	default:
		t.value = fmt.Sprint(v)
	}
	return nil
}

func (t *text) moment(v time.Time) string {
	if v.IsZero() {
		return ""
	}
	if t.instantIn != nil {
		v = time.Date(v.Year(), v.Month(), v.Day(), v.Hour(), v.Minute(), v.Second(), 0, time.UTC).In(t.instantIn)
		return v.Format(time.DateTime)
	}
	return strings.TrimSuffix(v.Format(time.DateTime), " 00:00:00")
}
