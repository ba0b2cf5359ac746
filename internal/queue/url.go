package queue

import (
	"cmp"
	"crypto/tls"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"
)

// poolSize is the upper limit of connections per process; they are opened as needed. One pool serves all queue
// servers, the rate limiters and the inspector, so the library's 10 per CPU would be short on a small machine.
const poolSize = 64

// dialTimeout is short because a dial is tried several times: ending the program must not wait long for a dead host.
const dialTimeout = 2 * time.Second

// target is a parsed Redis URL.
type target struct {
	scheme           string
	addrs            []string
	user, password   string
	db               int
	tls              *tls.Config
	master           string // redis-sentinel only
	sentinelUser     string
	sentinelPassword string
}

// parseURL reads redis, rediss, redis-sentinel and redis-cluster URLs. The addresses of sentinels and cluster nodes are
// separated by commas. Query keys: tls=true, and for sentinels master, sentinel_username, sentinel_password.
// No error repeats any part of the URL but its scheme and the name of a query key: the rest may be a secret.
func parseURL(raw string) (target, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return target{}, refuse("read URL", "it is not a URL; expected redis://host:6379/0")
	}
	t := target{scheme: u.Scheme, user: u.User.Username()}
	t.password, _ = u.User.Password()
	if err := t.setAddrs(u.Host); err != nil {
		return target{}, err
	}
	if err := t.setDB(u.Path); err != nil {
		return target{}, err
	}
	if err := t.setQuery(u.Query()); err != nil {
		return target{}, err
	}
	return t, t.check()
}

func (t *target) setAddrs(hosts string) error {
	port := "6379"
	if t.scheme == "redis-sentinel" {
		port = "26379"
	}
	for _, host := range strings.Split(cmp.Or(hosts, "localhost"), ",") {
		addr := host
		if _, _, err := net.SplitHostPort(host); err != nil {
			addr = net.JoinHostPort(strings.Trim(host, "[]"), port)
		}
		if name, _, err := net.SplitHostPort(addr); err != nil || name == "" {
			return refuse("read URL", "a host is missing or malformed")
		}
		t.addrs = append(t.addrs, addr)
	}
	return nil
}

func (t *target) setDB(path string) error {
	text := strings.Trim(path, "/")
	if text == "" {
		return nil
	}
	db, err := strconv.Atoi(text)
	if err != nil || db < 0 {
		return refuse("read URL", "the path must be a database number, as in redis://host:6379/0")
	}
	t.db = db
	return nil
}

func (t *target) setQuery(query url.Values) error {
	secure := t.scheme == "rediss"
	for key := range query {
		switch value := query.Get(key); key {
		case "tls":
			secure = secure || value == "true"
		case "master":
			t.master = value
		case "sentinel_username":
			t.sentinelUser = value
		case "sentinel_password":
			t.sentinelPassword = value
		default:
			return refuse("read URL", "unknown query key %q", key)
		}
	}
	if secure {
		t.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return nil
}

func (t *target) check() error {
	switch t.scheme {
	case "redis", "rediss":
		if len(t.addrs) > 1 {
			return refuse("read URL", "%s takes one host; use redis-cluster or redis-sentinel for several", t.scheme)
		}
		if t.tls != nil {
			t.tls.ServerName, _, _ = net.SplitHostPort(t.addrs[0])
		}
	case "redis-sentinel":
		if t.master == "" {
			return refuse("read URL", "redis-sentinel needs ?master=NAME")
		}
	case "redis-cluster":
		if t.db != 0 {
			return refuse("read URL", "a cluster has database 0 only")
		}
	default:
		return refuse("read URL", "unknown scheme %q; expected redis, rediss, redis-sentinel, redis-cluster or embedded", t.scheme)
	}
	return nil
}

// connOpt is the target in the queue engine's terms; every client of this package is made from it.
func (t *target) connOpt() asynq.RedisConnOpt {
	switch t.scheme {
	case "redis-sentinel":
		return asynq.RedisFailoverClientOpt{
			MasterName: t.master, SentinelAddrs: t.addrs, SentinelUsername: t.sentinelUser,
			SentinelPassword: t.sentinelPassword, Username: t.user, Password: t.password, DB: t.db,
			DialTimeout: dialTimeout, PoolSize: poolSize, TLSConfig: t.tls,
		}
	case "redis-cluster":
		return asynq.RedisClusterClientOpt{
			Addrs: t.addrs, Username: t.user, Password: t.password, DialTimeout: dialTimeout, TLSConfig: t.tls,
		}
	default:
		return asynq.RedisClientOpt{
			Addr: t.addrs[0], Username: t.user, Password: t.password, DB: t.db,
			DialTimeout: dialTimeout, PoolSize: poolSize, TLSConfig: t.tls,
		}
	}
}
