package queue

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"

	"github.com/whmcsync/whmcsync/internal/fault"
)

func TestParseURL(t *testing.T) {
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
			got, err := parseURL(tc.url)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got.connOpt()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseURLSwitchesTLSOn(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"rediss://cache.example.test:6380", "redis-sentinel://a.example.test?master=m&tls=true",
		"redis-cluster://a.example.test?tls=true",
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			got, err := parseURL(url)
			if err != nil {
				t.Fatal(err)
			}
			if got.tls == nil || got.tls.InsecureSkipVerify {
				t.Error("want TLS with certificates checked")
			}
		})
	}
}

func TestParseURLRefusesWithoutRepeatingTheSecret(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"an unknown scheme":           "http://:s3cret@h:1",
		"a space in the host":         "redis://:s3cret@h h:1",
		"a bad escape":                "redis://:s3cret%zz@h:1",
		"an unescaped slash":          "redis://:a/s3cret@h:1",
		"a database that is a word":   "redis://:pw@h:1/s3cret",
		"a negative database":         "redis://:s3cret@h:1/-1",
		"two hosts":                   "redis://:s3cret@h:1,i:2",
		"no host but a port":          "redis://:s3cret@:6379",
		"an unknown query key":        "redis://h:1?pasword=s3cret",
		"a sentinel without a master": "redis-sentinel://:s3cret@h:1",
		"a cluster with a database":   "redis-cluster://:s3cret@h:1/2",
		"nothing":                     "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parseURL(url)
			if !fault.Is(err, fault.Refused) {
				t.Fatalf("got %v, want a refusal", err)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the secret is in the error: %v", err)
			}
		})
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("redis://ann:pw@h:1/2?tls=true")
	f.Add("redis-sentinel://[::1]:1,b/0?master=m")
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := parseURL(raw)
		if err == nil && len(got.addrs) == 0 {
			t.Error("accepted without an address")
		}
	})
}
