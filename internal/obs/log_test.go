package obs_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/obs"
)

func TestLogger(t *testing.T) {
	t.Parallel()
	t.Run("writes JSON where nobody watches, with the time in UTC", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		log := obs.Logger(config.Log{}, &out)
		log.Info().Str("sync", "newsletter").Msg("run finished")
		var line map[string]string
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatalf("%v: %s", err, out.String())
		}
		at, err := time.Parse("2006-01-02T15:04:05.000Z", line["time"])
		if err != nil || time.Since(at).Abs() > time.Minute {
			t.Errorf("time is %q", line["time"])
		}
		delete(line, "time")
		want := map[string]string{"level": "info", "sync": "newsletter", "message": "run finished"}
		if diff := cmp.Diff(want, line); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("writes for people when asked to, without colours into a file", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		log := obs.Logger(config.Log{Format: "console"}, &out)
		log.Warn().Str("sync", "newsletter").Msg("run held")
		if !regexp.MustCompile(`^\S+T\S+\.\d{3}Z WRN run held sync=newsletter\n$`).MatchString(out.String()) {
			t.Errorf("got %q", out.String())
		}
	})
	for level, want := range map[string]zerolog.Level{
		"debug": zerolog.DebugLevel, "warn": zerolog.WarnLevel, "": zerolog.InfoLevel, "loud": zerolog.InfoLevel,
	} {
		t.Run("level "+level+" is "+want.String(), func(t *testing.T) {
			t.Parallel()
			if got := obs.Logger(config.Log{Level: level}, &bytes.Buffer{}).GetLevel(); got != want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	secrets := []string{`p"a\ss&w<rd`, "key-1234", "key-1234-and-more", "", "abc"}
	for _, tc := range []struct{ name, in, want string }{
		{"a plain secret", "the key is key-1234.", "the key is ***."},
		{"every occurrence", "key-1234 key-1234", "*** ***"},
		{"a secret that begins with another one", "key-1234-and-more", "***"},
		{"the JSON spelling", `{"error":"p\"a\\ss&w<rd"}`, `{"error":"***"}`},
		{"the JSON spelling for browsers", `{"error":"p\"a\\ss\u0026w\u003crd"}`, `{"error":"***"}`},
		{"the query spelling", "GET /?pw=p%22a%5Css%26w%3Crd", "GET /?pw=***"},
		{"the base64 spelling", "Basic a2V5LTEyMzQ=", "Basic ***"},
		{"words that only look like a short secret stay", "abc", "abc"},
		{"nothing to hide", "run finished", "run finished"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			n, err := obs.Redact(&out, secrets).Write([]byte(tc.in))
			if err != nil || n != len(tc.in) {
				t.Errorf("wrote %d of %d: %v", n, len(tc.in), err)
			}
			if diff := cmp.Diff(tc.want, out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLoggerBehindRedactHidesSecretsInEveryForm(t *testing.T) {
	t.Parallel()
	const secret = `s3c"ret\värde`
	for _, format := range []string{"json", "console"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			log := obs.Logger(config.Log{Format: format}, obs.Redact(&out, []string{secret}))
			log.Info().Str("url", "https://u:"+secret+"@example.test").Interface("all", map[string]string{"key": secret}).
				Bytes("body", []byte(secret)).Msg("leak " + secret)
			if strings.Contains(out.String(), "s3c") || strings.Contains(out.String(), "rde") {
				t.Errorf("leaked: %s", out.String())
			}
		})
	}
}
