package mail

import (
	"context"
	"net"
	"sync"
)

// line remembers the connection that was made, so that it can be cut at any moment.
type line struct {
	mu   sync.Mutex
	conn net.Conn
	over bool
}

type dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// to dials through d.
func (l *line) to(d dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.conn = conn
		if l.over {
			_ = conn.Close()
		}
		return conn, nil
	}
}

// cut closes the connection, now or as soon as there is one.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	if l.conn != nil {
		_ = l.conn.Close()
	}
}
