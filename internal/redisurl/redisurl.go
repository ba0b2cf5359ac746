package redisurl

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Target is a parsed Redis URL. It holds the password: do not print it.
type Target struct {
	Scheme           string   // redis, rediss, redis-sentinel or redis-cluster
	Addrs            []string // host:port; one unless there are sentinels or a cluster
	User, Password   string
	DB               int
	TLS              *tls.Config // nil = none
	Master           string      // redis-sentinel only
	SentinelUser     string
	SentinelPassword string
}

// Parse reads redis, rediss, redis-sentinel and redis-cluster URLs. The addresses of sentinels and cluster nodes are
// separated by commas. Query keys: tls=true, and for sentinels master, sentinel_username, sentinel_password.
// No error repeats any part of the URL but its scheme and the name of a query key: the rest may be a secret.
func Parse(raw string) (Target, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return Target{}, errors.New("it is not a URL; expected redis://host:6379/0")
	}
	t := Target{Scheme: u.Scheme, User: u.User.Username()}
	t.Password, _ = u.User.Password()
	if err := t.setAddrs(u.Host); err != nil {
		return Target{}, err
	}
	if err := t.setDB(u.Path); err != nil {
		return Target{}, err
	}
	if err := t.setQuery(u.Query()); err != nil {
		return Target{}, err
	}
	return t, t.check()
}

func (t *Target) setAddrs(hosts string) error {
	port := "6379"
	if t.Scheme == "redis-sentinel" {
		port = "26379"
	}
	for _, host := range strings.Split(cmp.Or(hosts, "localhost"), ",") {
		addr := host
		if _, _, err := net.SplitHostPort(host); err != nil {
			addr = net.JoinHostPort(strings.Trim(host, "[]"), port)
		}
		name, number, err := net.SplitHostPort(addr)
		if err != nil || name == "" {
			return errors.New("a host is missing or malformed")
		}
		if n, err := strconv.ParseUint(number, 10, 16); err != nil || n == 0 {
			return errors.New("a port is none of 1 to 65535")
		}
		t.Addrs = append(t.Addrs, addr)
	}
	return nil
}

func (t *Target) setDB(path string) error {
	text := strings.Trim(path, "/")
	if text == "" {
		return nil
	}
	db, err := strconv.Atoi(text)
	if err != nil || db < 0 {
		return errors.New("the path must be a database number, as in redis://host:6379/0")
	}
	t.DB = db
	return nil
}

func (t *Target) setQuery(query url.Values) error {
	secure := t.Scheme == "rediss"
	for key := range query {
		switch value := query.Get(key); key {
		case "tls":
			secure = secure || value == "true"
		case "master":
			t.Master = value
		case "sentinel_username":
			t.SentinelUser = value
		case "sentinel_password":
			t.SentinelPassword = value
		default:
			return fmt.Errorf("unknown query key %q", key)
		}
	}
	if secure {
		t.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return nil
}

func (t *Target) check() error {
	switch t.Scheme {
	case "redis", "rediss":
		if len(t.Addrs) > 1 {
			return fmt.Errorf("%s takes one host; use redis-cluster or redis-sentinel for several", t.Scheme)
		}
		if t.TLS != nil {
			t.TLS.ServerName, _, _ = net.SplitHostPort(t.Addrs[0])
		}
	case "redis-sentinel":
		if t.Master == "" {
			return errors.New("redis-sentinel needs ?master=NAME")
		}
	case "redis-cluster":
		if t.DB != 0 {
			return errors.New("a cluster has database 0 only")
		}
	default:
		return fmt.Errorf("unknown scheme %q; expected redis, rediss, redis-sentinel, redis-cluster or embedded", t.Scheme)
	}
	return nil
}
