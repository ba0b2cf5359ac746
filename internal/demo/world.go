package demo

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/services"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

// world is everything outside of whmcsync that the demo needs.
type world struct {
	dir     string
	dsn     string // of the WHMCS-like database
	sim     *sim.Server
	mariadb *services.MariaDB
	clients fixture.Summary
}

const apiKey = "demo-key"

// build starts a fresh world in dir, forgetting what an earlier demo left there.
func build(ctx context.Context, dir string, clients int, log zerolog.Logger) (*world, error) {
	if err := services.Scratch(dir); err != nil {
		return nil, err
	}
	w := &world{dir: dir}
	var err error
	if w.mariadb, err = services.StartMariaDB(ctx, services.Options{Dir: filepath.Join(dir, "mariadb"), Log: log}); err != nil {
		return nil, err
	}
	if err := w.fill(ctx, clients); err != nil {
		w.close()
		return nil, err
	}
	w.sim = sim.New(sim.Options{APIKey: apiKey})
	if err := w.sim.Start("127.0.0.1:0"); err != nil {
		w.close()
		return nil, err
	}
	if err := w.populateList(ctx); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *world) close() {
	if w.sim != nil {
		_ = w.sim.Close()
	}
	if w.mariadb != nil {
		w.mariadb.Stop()
	}
}

// fill makes the WHMCS-like database with n clients.
func (w *world) fill(ctx context.Context, n int) error {
	db, err := sql.Open("mysql", w.mariadb.DSN)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE DATABASE whmcs CHARACTER SET utf8"); err != nil {
		return err
	}
	slash := strings.LastIndexByte(w.mariadb.DSN, '/')
	w.dsn = w.mariadb.DSN[:slash+1] + "whmcs" + w.mariadb.DSN[slash+1:]
	if err := fixture.Load(ctx, w.dsn); err != nil {
		return err
	}
	w.clients, err = fixture.Clients(ctx, w.dsn, fixture.Options{N: n, Seed: 1, FourByte: true})
	return err
}

// populateList puts people on the list as a list has them: some are there already, some have left, and some are no
// clients at all.
func (w *world) populateList(ctx context.Context) error {
	db, err := sql.Open("mysql", w.dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT email FROM tblclients WHERE status = 'Active' AND MOD(id, 20) = 0 ORDER BY id")
	if err != nil {
		return err
	}
	defer rows.Close()
	var people []sim.Person
	for rows.Next() {
		var raw string
		if err := rows.Scan(&raw); err != nil {
			return err
		}
		if email, err := whmcs.NormalizeEmail(raw); err == nil {
			people = append(people, present(email, len(people)))
		}
	}
	for i := range 50 {
		people = append(people, sim.Person{Email: fmt.Sprintf("reader%d@example.org", i), Status: "active", Groups: []int64{2}})
	}
	w.sim.Seed(people...)
	return rows.Err()
}

// present is a client who is on the list already, in one of several conditions.
func present(email string, n int) sim.Person {
	p := sim.Person{Email: email, Status: "active", Groups: []int64{2}}
	switch n % 10 {
	case 0:
		p.Unsubscribed = true
	case 1:
		p.Bounced = true
	case 2:
		p.ReportedSpam = true
	case 3:
		p.LocalBan = true
	}
	return p
}

// writeConfig writes the configuration that the demo runs with; people can use it from another terminal.
func (w *world) writeConfig(listen string) (string, error) {
	path := filepath.Join(w.dir, "whmcsync.yaml")
	text := fmt.Sprintf(`# Made by the demo. Everything runs on this machine and is forgotten at the next demo.
state_dir: %s
log: {level: warn}
http: {listen: %q}
sources:
  main:
    dsn: %q
    hook_secret: demo-hook-secret
accounts:
  news:
    type: mailrelay
    base_url: %s
    api_key: %s
    rate: {per_second: 400, in_flight: 8}
syncs:
  newsletter:
    type: clients
    source: main
    account: news
    groups:
      - 1
      - {id: 3, when: {product: [1, 2]}}
    fields:
      name: full_name
      locale: language
      country: country
      "custom:11": companyname
`, filepath.Join(w.dir, "state"), listen, w.dsn, w.sim.URL(), apiKey)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// freeAddress prefers the usual port and takes any other when that is taken.
func freeAddress(usual string) (string, error) {
	for _, addr := range []string{usual, "127.0.0.1:0"} {
		if l, err := net.Listen("tcp", addr); err == nil {
			defer l.Close()
			return l.Addr().String(), nil
		}
	}
	return "", fmt.Errorf("no port is free on 127.0.0.1")
}
