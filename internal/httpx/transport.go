package httpx

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// parseBase accepts https anywhere and plain http on this machine only, where no key crosses a wire. Its errors do
// not repeat the address: it may hold a password.
func parseBase(raw string) (*url.URL, error) {
	base, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("base_url is not a URL")
	case base.Host == "" || (base.Scheme != "https" && base.Scheme != "http"):
		return nil, errors.New("base_url must look like https://host/path")
	case base.User != nil:
		return nil, errors.New("base_url must not hold a user name or password")
	case base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("base_url must not hold a query or fragment")
	case base.Scheme == "http" && !loopback(base.Hostname()):
		return nil, errors.New("base_url must use https: plain http is allowed to a loopback host only")
	}
	return base, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// checkHeader refuses what net/http would refuse at every call, and does not repeat the value.
func checkHeader(header http.Header) error {
	for name, values := range header {
		for _, value := range values {
			if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				return errors.New("the value of header " + name + " holds a line break or another control character")
			}
		}
	}
	return nil
}

func newTransport(inFlight int) *http.Transport {
	dialer := net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          inFlight,
		MaxIdleConnsPerHost:   inFlight,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}
