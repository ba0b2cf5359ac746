package redisurl_test

import (
	"strings"
	"testing"

	"github.com/whmcsync/whmcsync/internal/redisurl"
)

func TestParseSwitchesTLSOn(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"rediss://cache.example.test:6380", "redis-sentinel://a.example.test?master=m&tls=true",
		"redis-cluster://a.example.test?tls=true",
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			got, err := redisurl.Parse(url)
			if err != nil {
				t.Fatal(err)
			}
			if got.TLS == nil || got.TLS.InsecureSkipVerify {
				t.Error("want TLS with certificates checked")
			}
		})
	}
}

func TestParseRefusesWithoutRepeatingTheSecret(t *testing.T) {
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
		"a port beyond all":           "redis://:s3cret@h:99999",
		"port zero":                   "redis://:s3cret@h:0",
		"a port that is a word":       "redis-cluster://:s3cret@h:1,i:x",
		"nothing":                     "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := redisurl.Parse(url)
			if err == nil {
				t.Fatal("it was accepted")
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the secret is in the error: %v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("redis://ann:pw@h:1/2?tls=true")
	f.Add("redis-sentinel://[::1]:1,b/0?master=m")
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := redisurl.Parse(raw)
		if err == nil && len(got.Addrs) == 0 {
			t.Error("accepted without an address")
		}
	})
}
