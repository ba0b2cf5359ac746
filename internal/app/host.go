package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"syscall"
	"time"
)

// ErrHostGone says that the process whose embedded servers this one had joined has ended.
var ErrHostGone = errors.New("the whmcsync process that hosted it has ended")

// host is an embedded server of another process.
type host struct{ name, addr string }

// hostLook is how often a role looks whether its host is still there.
const hostLook = time.Second

// watchHosts ends with ErrHostGone when nobody listens any more where another process hosted what this one has joined: a
// host's servers end with it and come back elsewhere. It ends with nil when ctx does.
func (a *App) watchHosts(ctx context.Context) error {
	ticker := time.NewTicker(hostLook)
	defer ticker.Stop()
	for {
		for _, h := range a.joined {
			if h.gone(ctx) {
				return fmt.Errorf("embedded %s: %w", h.name, ErrHostGone)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// gone says that connections are refused, which on this machine a server that is merely slow does not do.
func (h host) gone(ctx context.Context) bool {
	conn, err := (&net.Dialer{Timeout: hostLook}).DialContext(ctx, "tcp", h.addr)
	if err == nil {
		_ = conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// addressOf is host and port of a URL of ours.
func addressOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Host
}
