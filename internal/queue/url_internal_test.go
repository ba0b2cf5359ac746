package queue

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"github.com/whmcsync/whmcsync/internal/redisurl"
)

func TestURLsInTheEnginesTerms(t *testing.T) {
	t.Parallel()
	const wait, pool = dialTimeout, poolSize
	for _, tc := range []struct {
		url  string
		want asynq.RedisConnOpt
	}{
		{"redis://localhost:6379/3", asynq.RedisClientOpt{Addr: "localhost:6379", DB: 3, DialTimeout: wait, PoolSize: pool}},
		{"redis://cache.example.test", asynq.RedisClientOpt{Addr: "cache.example.test:6379", DialTimeout: wait, PoolSize: pool}},
		{"redis://[::1]:7000", asynq.RedisClientOpt{Addr: "[::1]:7000", DialTimeout: wait, PoolSize: pool}},
		{"redis://[::1]", asynq.RedisClientOpt{Addr: "[::1]:6379", DialTimeout: wait, PoolSize: pool}},
		{"redis://ann:p%40ss@h:1", asynq.RedisClientOpt{
			Addr: "h:1", Username: "ann", Password: "p@ss", DialTimeout: wait, PoolSize: pool,
		}},
		{
			"redis-sentinel://:pw@a.example.test:1,b.example.test,c.example.test:3/2?master=m&sentinel_password=sp",
			asynq.RedisFailoverClientOpt{
				MasterName: "m", SentinelAddrs: []string{"a.example.test:1", "b.example.test:26379", "c.example.test:3"},
				SentinelPassword: "sp", Password: "pw", DB: 2, DialTimeout: wait, PoolSize: pool,
			},
		},
		{"redis-cluster://a.example.test:1,b.example.test:2", asynq.RedisClusterClientOpt{
			Addrs: []string{"a.example.test:1", "b.example.test:2"}, DialTimeout: wait,
		}},
	} {
		t.Run(tc.url, func(t *testing.T) {
			t.Parallel()
			got, err := redisurl.Parse(tc.url)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, connOpt(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
