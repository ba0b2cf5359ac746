package opensrs

import (
	"net/http"
	"sync"
)

// perConnection is how many commands we send over one connection; the server takes 100.
const perConnection = 90

// connections is a transport that never sends more than perConnection requests over one connection: after so many in all
// it goes on with new connections.
type connections struct {
	fresh func() *http.Transport

	mu      sync.Mutex
	sent    int
	current *http.Transport
}

func newConnections(inFlight int) *connections {
	fresh := func() *http.Transport {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = inFlight
		return transport
	}
	return &connections{fresh: fresh, current: fresh()}
}

// RoundTrip sends one request.
func (c *connections) RoundTrip(r *http.Request) (*http.Response, error) {
	return c.next().RoundTrip(r)
}

func (c *connections) next() *http.Transport {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sent == perConnection {
		c.current.CloseIdleConnections() // and those still in use once they are idle
		c.current, c.sent = c.fresh(), 0
	}
	c.sent++
	return c.current
}

// CloseIdleConnections gives idle connections back.
func (c *connections) CloseIdleConnections() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current.CloseIdleConnections()
}
