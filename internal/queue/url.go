package queue

import (
	"time"

	"github.com/hibiken/asynq"

	"github.com/whmcsync/whmcsync/internal/redisurl"
)

// poolSize is the upper limit of connections per process; they are opened as needed. One pool serves all queue
// servers, the rate limiters and the inspector, so the library's 10 per CPU would be short on a small machine.
const poolSize = 64

// dialTimeout is short because a dial is tried several times: ending the program must not wait long for a dead host.
const dialTimeout = 2 * time.Second

// connOpt is a target in the queue engine's terms; every client of this package is made from it.
func connOpt(t redisurl.Target) asynq.RedisConnOpt {
	switch t.Scheme {
	case "redis-sentinel":
		return asynq.RedisFailoverClientOpt{
			MasterName: t.Master, SentinelAddrs: t.Addrs, SentinelUsername: t.SentinelUser,
			SentinelPassword: t.SentinelPassword, Username: t.User, Password: t.Password, DB: t.DB,
			DialTimeout: dialTimeout, PoolSize: poolSize, TLSConfig: t.TLS,
		}
	case "redis-cluster":
		return asynq.RedisClusterClientOpt{
			Addrs: t.Addrs, Username: t.User, Password: t.Password, DialTimeout: dialTimeout, TLSConfig: t.TLS,
		}
	default:
		return asynq.RedisClientOpt{
			Addr: t.Addrs[0], Username: t.User, Password: t.Password, DB: t.DB,
			DialTimeout: dialTimeout, PoolSize: poolSize, TLSConfig: t.TLS,
		}
	}
}
