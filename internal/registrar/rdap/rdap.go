package rdap

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/rdap/wire"
)

// Embedded is the bootstrap file that is compiled in.
const Embedded = "embedded"

// Config is what a Registry needs: Account.
type Config struct {
	Account   string
	Bootstrap string        // Embedded, a URL, or the path of a file; default Embedded
	Refresh   time.Duration // how old a bootstrap file from a URL or a path may get; default 24h
	BaseURL   string        // one server to be asked about all names instead; that a name is unknown there proves nothing
	Timeout   time.Duration // of one call; default 30s
	InFlight  int           // calls of this process at once, to all servers together; default 4
	Limiter   httpx.Limiter
	Observer  httpx.Observer
}

// Registry is all registries that can be asked. It is a registrar.Witness and a registrar.Registrar.
type Registry struct {
	name    string
	base    string
	servers *directory
	clients *clients
}

var (
	_ registrar.Registrar = (*Registry)(nil)
	_ registrar.Witness   = (*Registry)(nil)
)

// New checks the configuration, reads a bootstrap file that is on this machine, and returns the registry. Nothing is
// sent.
func New(cfg Config) (*Registry, error) {
	inFlight := cmp.Or(cfg.InFlight, 4)
	all := &clients{all: map[string]*httpx.Client{}, cfg: httpx.Config{
		Account: cfg.Account, Timeout: cfg.Timeout, InFlight: inFlight, Limiter: together(inFlight, cfg.Limiter), Observer: cfg.Observer,
	}}
	for _, address := range []string{cfg.BaseURL, cfg.Bootstrap} {
		if isURL(address) {
			if _, err := all.of(address); err != nil {
				return nil, err
			}
		}
	}
	if cfg.BaseURL != "" && !isURL(cfg.BaseURL) {
		return nil, errors.New("base_url must look like https://host/path")
	}
	servers, err := newDirectory(cfg.Bootstrap, all.fetcher(cfg.Bootstrap), cmp.Or(cfg.Refresh, 24*time.Hour))
	if err != nil {
		return nil, err
	}
	return &Registry{name: cfg.Account, base: cfg.BaseURL, servers: servers, clients: all}, nil
}

// Close gives idle connections back.
func (r *Registry) Close() { r.clients.close() }

// Get tells what the registry holds of a name, whoever's it is: its Status, and Dates.Registry. fault.NotFound when it is
// not registered, and when there is nobody to ask. See registrar.Registrar.
func (r *Registry) Get(ctx context.Context, name registrar.Name) (registrar.Domain, error) {
	client, _, err := r.server(ctx, name)
	if err != nil {
		return registrar.Domain{}, err
	}
	d, err := r.ask(ctx, client, name)
	if err != nil {
		return registrar.Domain{}, err
	}
	return domain(name, d), nil
}

// Testify asks the registry. See registrar.Witness.
func (r *Registry) Testify(ctx context.Context, name registrar.Name) (registrar.Testimony, error) {
	client, listed, err := r.server(ctx, name)
	if err != nil {
		return registrar.Testimony{}, err
	}
	d, err := r.ask(ctx, client, name)
	switch {
	case fault.Is(err, fault.NotFound) && listed:
		return registrar.Testimony{}, nil
	case err != nil:
		return registrar.Testimony{}, err
	}
	return testimony(d), nil
}

// server finds whom to ask; listed says that the bootstrap file names them. fault.NotFound when there is nobody.
func (r *Registry) server(ctx context.Context, name registrar.Name) (client *httpx.Client, listed bool, err error) {
	const op = "find the registry"
	base := r.base
	if base == "" {
		if base, err = r.servers.server(ctx, name); err != nil {
			return nil, false, r.named(op, err)
		}
	}
	if base == "" {
		_, extension := name.Split()
		return nil, false, fault.New(fault.NotFound, r.name, op, "nobody is listed for .%s", extension)
	}
	if client, err = r.clients.of(base); err != nil {
		return nil, false, fault.New(fault.NotFound, r.name, op, "the listed server cannot be asked: %w", err)
	}
	return client, r.base == "", nil
}

// named gives an error that has no class or account yet both: a bootstrap file that cannot be read is Protocol.
func (r *Registry) named(op string, err error) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return fault.New(fault.Protocol, r.name, op, "%w", err)
	}
	named := *e
	named.Account = cmp.Or(named.Account, r.name)
	return &named
}

func (r *Registry) ask(ctx context.Context, client *httpx.Client, name registrar.Name) (wire.Domain, error) {
	d, err := wire.Lookup(ctx, client, string(name))
	if err == nil && !isNamed(d, name) {
		err = fault.New(fault.Protocol, r.name, "ask the registry", "the answer is not about the name that was asked for")
	}
	return d, err
}
