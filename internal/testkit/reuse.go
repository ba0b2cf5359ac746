package testkit

import (
	"context"
	_ "embed" // the queries
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Making a database takes a third of a second, most of it for its 300 files; emptying one takes a few milliseconds.
// So a clone is emptied at the end of its test and lent again, when it is still as its template is and has not grown.

//go:embed shape.sql
var shapeOf string

const (
	growthLimit = 4 << 20         // bytes over the template; what has grown is slow to empty, and to read afterwards
	leaveLimit  = 2 * time.Second // for sessions of the test to end by themselves
)

// shape is what a clone must have in common with its template to be lent again.
type shape struct {
	layout string // all tables, columns, indexes, constraints, triggers, functions, rights and settings
	seeds  string // the rows that the template has
	size   int64
}

// borrow hands an idle clone to the test, or a new one, and takes it back at its end.
func (tpl *Template) borrow(t testing.TB, admin string) string {
	name := tpl.take()
	if name == "" {
		name = tpl.next()
		adminExec(t, admin, "CREATE DATABASE "+name+" TEMPLATE "+tpl.name)
	}
	address := withDatabase(t, admin, name)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), tidyLimit)
		defer cancel()
		if tpl.empty(ctx, admin, address, name) != nil {
			adminExec(t, admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
			return
		}
		tpl.give(name)
	})
	return address
}

func (tpl *Template) take() string {
	tpl.mu.Lock()
	defer tpl.mu.Unlock()
	if len(tpl.idle) == 0 {
		return ""
	}
	name := tpl.idle[len(tpl.idle)-1]
	tpl.idle = tpl.idle[:len(tpl.idle)-1]
	return name
}

func (tpl *Template) give(name string) {
	tpl.mu.Lock()
	defer tpl.mu.Unlock()
	tpl.idle = append(tpl.idle, name)
}

func (tpl *Template) next() string {
	tpl.mu.Lock()
	defer tpl.mu.Unlock()
	tpl.clones++
	return fmt.Sprintf("%s_%d", tpl.name, tpl.clones)
}

// empty makes a clone as its template is; an error says that it is to be dropped.
func (tpl *Template) empty(ctx context.Context, admin, address, name string) error {
	if err := awaitLeave(ctx, admin, name); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	now, err := tpl.look(ctx, conn)
	if err != nil {
		return err
	}
	if now.layout != tpl.shape.layout || now.seeds != tpl.shape.seeds || now.size > tpl.shape.size+growthLimit {
		return errors.New("it is not what it was")
	}
	for _, table := range tpl.tables {
		// As a replica the server minds no foreign keys, so that the order of the tables does not matter.
		if _, err := conn.Exec(ctx, "SET session_replication_role = replica; DELETE FROM "+table); err != nil {
			return err
		}
	}
	_, err = conn.Exec(ctx, `SELECT setval(seqrelid, seqstart, false) FROM pg_sequence`)
	return err
}

// awaitLeave waits for the last session of the test to end. One that stays may be of something that goes on.
func awaitLeave(ctx context.Context, admin, name string) error {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for until := time.Now().Add(leaveLimit); ; time.Sleep(5 * time.Millisecond) {
		var sessions int
		err := conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = $1", name).Scan(&sessions)
		if err != nil || sessions == 0 {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("%d sessions go on", sessions)
		}
	}
}

// look reads the shape of a database.
func (tpl *Template) look(ctx context.Context, conn *pgx.Conn) (s shape, err error) {
	if err := conn.QueryRow(ctx, shapeOf).Scan(&s.layout, &s.size); err != nil {
		return s, err
	}
	for _, table := range tpl.seeded {
		var rows string
		query := "SELECT coalesce(string_agg(r::text, E'\\n' ORDER BY r::text), '') FROM " + table + " r"
		if err := conn.QueryRow(ctx, query).Scan(&rows); err != nil {
			return s, err
		}
		s.seeds += rows
	}
	return s, nil
}

// measure notes what the template is, once it is prepared.
func (tpl *Template) measure(ctx context.Context, u url.URL) error {
	conn, err := pgx.Connect(ctx, u.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	rows, _ := conn.Query(ctx, `
		SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, table := range all {
		var filled bool
		if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+table+")").Scan(&filled); err != nil {
			return err
		}
		if filled {
			tpl.seeded = append(tpl.seeded, table)
		} else {
			tpl.tables = append(tpl.tables, table)
		}
	}
	tpl.shape, err = tpl.look(ctx, conn)
	return err
}
