package rdap

import (
	"context"
	_ "embed"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/openrdap/rdap/bootstrap"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/rdap/wire"
)

//go:embed bootstrap.json
var embedded []byte

// directory finds the server for a name in a bootstrap file, which it reads again when that has become old.
type directory struct {
	read  func(ctx context.Context) ([]byte, error)
	every time.Duration // 0 = once is enough
	clock func() time.Time

	turn  chan struct{} // held by who reads the file
	known *bootstrap.DNSRegistry
	due   time.Time
}

// newDirectory reads a file at once, so that a wrong path is found out at the start, and a URL at the first question.
func newDirectory(source string, fetch func(context.Context) ([]byte, error), every time.Duration) (*directory, error) {
	d := &directory{every: every, clock: time.Now, turn: make(chan struct{}, 1)}
	switch {
	case source == "" || source == Embedded:
		d.read, d.every = func(context.Context) ([]byte, error) { return embedded, nil }, 0
	case isURL(source):
		d.read = fetch
		return d, nil
	default:
		d.read = func(context.Context) ([]byte, error) { return os.ReadFile(source) }
	}
	return d, d.refresh(context.Background())
}

func isURL(source string) bool {
	return strings.HasPrefix(source, "https://") || strings.HasPrefix(source, "http://")
}

// refresh keeps what is known when the file cannot be read again, and tries anew a while later.
func (d *directory) refresh(ctx context.Context) error {
	raw, err := d.read(ctx)
	if err == nil {
		err = d.learn(raw)
	}
	switch {
	case err == nil:
		d.due = d.clock().Add(d.every)
	case d.known != nil && !fault.Is(err, fault.Held):
		d.due = d.clock().Add(d.every / 24)
	default:
		return err
	}
	return nil
}

func (d *directory) learn(raw []byte) error {
	registry, err := bootstrap.NewDNSRegistry(raw)
	if err != nil {
		return err
	}
	if len(registry.File().Entries) == 0 {
		return errors.New("the bootstrap file lists no extension")
	}
	d.known = registry
	return nil
}

// server is the base URL for a name; "" when there is nobody to ask. A secure one is preferred.
func (d *directory) server(ctx context.Context, name registrar.Name) (string, error) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return "", &fault.Error{Class: fault.Held, Op: "read the bootstrap file", Err: ctx.Err()}
	}
	if d.known == nil || d.every > 0 && !d.clock().Before(d.due) {
		if err := d.refresh(ctx); err != nil {
			return "", err
		}
	}
	answer, err := d.known.Lookup(&bootstrap.Question{RegistryType: bootstrap.DNS, Query: string(name)})
	if err != nil {
		return "", err
	}
	return preferred(answer.URLs), nil
}

func preferred(all []*url.URL) string {
	for _, one := range all {
		if one.Scheme == "https" {
			return one.String()
		}
	}
	if len(all) > 0 {
		return all[0].String()
	}
	return ""
}

// clients are the connections to servers, made when they are needed.
type clients struct {
	cfg httpx.Config // of each, but for the address

	mu  sync.Mutex
	all map[string]*httpx.Client
}

func (c *clients) of(base string) (*httpx.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if client := c.all[base]; client != nil {
		return client, nil
	}
	cfg := c.cfg
	cfg.BaseURL = base
	client, err := httpx.New(cfg)
	if err != nil {
		return nil, err
	}
	c.all[base] = client
	return client, nil
}

func (c *clients) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, client := range c.all {
		client.Close()
	}
}

// fetcher reads the bootstrap file from a URL.
func (c *clients) fetcher(address string) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		client, err := c.of(address)
		if err != nil {
			return nil, err
		}
		return wire.Bootstrap(ctx, client)
	}
}
