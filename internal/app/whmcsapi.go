package app

import (
	"context"
	"fmt"
	"sync"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/whmcs/api"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

// sourceAPI is the external API of a source, made once for all who use it: WHMCS stands few calls at a time.
type sourceAPI struct {
	mu     sync.Mutex
	client *api.Client
}

// whmcsAPI returns the API of a source that has one.
func (a *App) whmcsAPI(name string) (*api.Client, error) {
	src := a.sources[name]
	src.api.mu.Lock()
	defer src.api.mu.Unlock()
	if src.api.client != nil {
		return src.api.client, nil
	}
	cfg := src.config.API
	client, err := api.New(api.Config{
		Source: name, URL: cfg.URL, Identifier: cfg.Identifier.Reveal(), Secret: cfg.Secret.Reveal(),
		AccessKey: cfg.AccessKey.Reveal(), Observer: a.Metrics,
	})
	if err != nil {
		return nil, fmt.Errorf("source %s: api: %w", name, err)
	}
	src.api.client = client
	a.onClose(client.Close)
	return client, nil
}

// clientMailer is who tells the clients of a sync; nil = nobody does.
func (a *App) clientMailer(cfg config.Sync) (domainsync.Mailer, error) {
	if !cfg.Domains.ClientMails {
		return nil, nil
	}
	return a.whmcsAPI(cfg.Source)
}

// sourceAPI proves address and credentials of a source's API.
func (c *checker) sourceAPI(ctx context.Context, name string) []Finding {
	s := subject{"source", name}
	client, err := c.whmcsAPI(name)
	if err != nil {
		return []Finding{s.broken("", err)}
	}
	version, err := client.Check(ctx)
	if err != nil {
		return []Finding{s.broken(apiHint("sources."+name+".api", err), err)}
	}
	return []Finding{s.ok("API: credentials accepted by %s", whmcsVersion(version))}
}

func apiHint(at string, err error) string {
	switch fault.ClassOf(err) {
	case fault.Auth:
		return "look at identifier and secret in " + at + ", and at WHMCS's list of API addresses (or access_key)"
	case fault.Protocol:
		return "look at " + at + ".url: it ends in /includes/api.php"
	case fault.Transient:
		return "is " + at + ".url right, and can this machine reach it?"
	default:
		return ""
	}
}
