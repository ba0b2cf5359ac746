package demo

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/whmcsync/whmcsync/internal/holding"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	registrarsim "github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/services"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

// world is everything outside of whmcsync that the demo needs.
type world struct {
	dir       string
	dsn       string // of the WHMCS-like database
	mariadb   *services.MariaDB
	list      *sim.Server
	registrar *registrarsim.Server
	postbox   *postbox
	clients   fixture.Summary
	holdings  []holding.Domain // as both sides had them before they drifted
	drift     drift
	closers   []func()
}

const (
	apiKey   = "demo-key"
	reseller = "demo-reseller"
)

// build starts a fresh world in dir, forgetting what an earlier demo left there.
func build(ctx context.Context, dir string, o Options) (*world, error) {
	if err := services.Scratch(dir); err != nil {
		return nil, err
	}
	w := &world{
		dir: dir, list: sim.New(sim.Options{APIKey: apiKey}),
		registrar: registrarsim.New(registrarsim.Options{Username: reseller, Password: apiKey}),
	}
	if err := w.start(ctx, o); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *world) start(ctx context.Context, o Options) (err error) {
	if w.mariadb, err = services.StartMariaDB(ctx, services.Options{Dir: filepath.Join(w.dir, "mariadb"), Log: o.Log}); err != nil {
		return err
	}
	w.closers = append(w.closers, w.mariadb.Stop)
	for _, outside := range []interface {
		Start(listen string) error
		Close() error
	}{w.list, w.registrar} {
		if err := outside.Start("127.0.0.1:0"); err != nil {
			return err
		}
		w.closers = append(w.closers, func() { _ = outside.Close() })
	}
	if w.postbox, err = openPostbox(filepath.Join(w.dir, "mails")); err != nil {
		return err
	}
	w.closers = append(w.closers, w.postbox.close)
	return w.fill(ctx, o)
}

func (w *world) close() {
	for i := range w.closers {
		w.closers[len(w.closers)-1-i]()
	}
}

// fill makes the WHMCS-like database, and what the other sides hold of it.
func (w *world) fill(ctx context.Context, o Options) error {
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
	if w.clients, err = fixture.Clients(ctx, w.dsn, fixture.Options{N: o.Clients, Seed: 1, FourByte: true}); err != nil {
		return err
	}
	if err := w.populateList(ctx); err != nil {
		return err
	}
	return w.populateRegistrar(ctx, o.Domains)
}

// describe tells what the world holds.
func (w *world) describe(say io.Writer) {
	c := w.clients
	fmt.Fprintf(say, "  %d clients: %d invalid addresses, %d duplicates, %d closed, %d inactive, %d opted out, %d never opted in\n",
		c.Clients, c.Invalid, c.Duplicates, c.Closed, c.Inactive, c.OptedOut, c.NotOptedIn)
	fmt.Fprintf(say, "  %d people on the list already, some of whom unsubscribed, bounced, complained or were banned\n", w.list.Summary().Count)
	fmt.Fprintf(say, "  %d domains at the registrar, some of which differ:\n%s", len(w.holdings), w.drift)
}

// writeConfig writes the configuration that the demo runs with; people can use it from another terminal.
func (w *world) writeConfig(listen string) (string, error) {
	path := filepath.Join(w.dir, "whmcsync.yaml")
	host, port, err := net.SplitHostPort(w.postbox.addr())
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf(`# Made by the demo. Everything runs on this machine and is forgotten at the next demo.
state_dir: %s
log: {level: warn}
http: {listen: %q, public_url: "http://%s"}
mail: {host: %q, port: %s, tls: none, from: "whmcsync <whmcsync@example.com>"}
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
  op:
    type: openprovider
    base_url: %s
    username: %s
    password: %s
    rate: {per_second: 100, in_flight: 8}
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
  op-domains:
    type: domains
    source: main
    account: op
    registrar: openprovider
    report: {to: [ops@example.com]}
  op-transfers:
    type: transfers
    source: main
    account: op
    registrar: openprovider
    schedule: ""
    report: {to: [ops@example.com]}
`, filepath.Join(w.dir, "state"), listen, listen, host, port, w.dsn, w.list.URL(), apiKey, w.registrar.URL(), reseller, apiKey)
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
