package app

import (
	"cmp"
	"context"
	"os"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/services"
)

// queue proves Redis. Whatever comes of it, there is a Redis afterwards to keep the accounts' limits in while we look.
func (c *checker) queue(ctx context.Context) []Finding {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	s := subject{"redis", "queue"}
	redis, found := c.joinRedis(ctx, s)
	if redis == nil {
		var err error
		if redis, err = queue.Connect(ctx, queue.Embedded, c.Log); err != nil {
			return append(found, s.broken("", err))
		}
	}
	c.redis = redis
	c.onClose(func() { _ = redis.Close() })
	for _, warning := range redis.Warnings(ctx) {
		text, hint, _ := strings.Cut(warning, ": ")
		found = append(found, s.warning(hint, "%s", text))
	}
	return found
}

func (c *checker) joinRedis(ctx context.Context, s subject) (*queue.Redis, []Finding) {
	url := c.Config.Redis.URL.Reveal()
	if url == config.Embedded {
		url = c.address(redisAddress)
		if redis, err := queue.Connect(ctx, url, c.Log); url != "" && err == nil {
			return redis, []Finding{s.ok("embedded, in a process that is running")}
		}
		return nil, []Finding{s.ok("embedded, in the process that runs the roles (none is running now)")}
	}
	redis, err := queue.Connect(ctx, url, c.Log)
	if err != nil {
		return nil, []Finding{s.broken("is Redis running, and is redis.url right?", err)}
	}
	return redis, []Finding{s.ok("answers")}
}

// postgres proves the database of the state. Its schema is looked at, not migrated.
func (c *checker) postgres(ctx context.Context) []Finding {
	s := subject{"postgres", "state"}
	url, embedded, err := c.postgresAt(ctx)
	if err != nil {
		return []Finding{s.broken("", err)}
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	return c.stateAt(ctx, s, url, embedded)
}

// postgresAt starts our own server where that is wanted and nobody has done so. Where it has no data yet, it is a trial:
// that there will be data is up to who syncs.
func (c *checker) postgresAt(ctx context.Context) (url string, embedded bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, embeddedTime)
	defer cancel()
	if c.Config.Postgres.URL.Reveal() != config.Embedded || services.HoldsPostgres(c.postgresDir()) {
		return c.postgresURL(ctx)
	}
	url, err = c.trialPostgres(ctx)
	return url, true, err
}

// trialPostgres starts a server in a folder that goes with it, and tells no other process of it.
func (c *checker) trialPostgres(ctx context.Context) (url string, err error) {
	dir, err := os.MkdirTemp(c.Config.StateDir, ".check-*")
	if err != nil {
		return "", c.unhosted(err)
	}
	c.onClose(func() { _ = os.RemoveAll(dir) })
	return c.hostPostgres(ctx, dir)
}

func (c *checker) stateAt(ctx context.Context, s subject, url string, embedded bool) []Finding {
	store, err := connectPostgres(ctx, url, 2)
	if err != nil {
		_, hint := fault.Advice(err)
		return []Finding{s.broken(cmp.Or(hint, "is PostgreSQL running, and is postgres.url right?"), err)}
	}
	c.Store = store
	c.onClose(store.Close)
	found := []Finding{c.schema(ctx, s, embedded)}
	theirs, ours, err := askClock(ctx, store.Clock)
	if err != nil {
		return append(found, s.broken("", err))
	}
	return append(found, s.clock("PostgreSQL", theirs, ours)...)
}

func (c *checker) schema(ctx context.Context, s subject, embedded bool) Finding {
	have, want, err := c.Store.SchemaVersion(ctx)
	c.current = err == nil && have >= want
	switch {
	case err != nil:
		return s.broken("", err)
	case have < want && embedded:
		return s.ok("embedded; its schema is brought up to date when a role starts")
	case have < want:
		return s.failed("run `whmcsync migrate`", "the schema is at version %d, and this program needs %d", have, want)
	case have > want:
		return s.warning("run the newest version everywhere", "the schema is at version %d, newer than this program's %d", have, want)
	case embedded:
		return s.ok("embedded, schema version %d", have)
	}
	return s.ok("answers, schema version %d", have)
}

// clock judges how far another clock is from ours; what says whose it is.
func (s subject) clock(what string, theirs, ours time.Time) []Finding {
	skew := theirs.Sub(ours).Round(time.Second)
	const hint = "set both clocks by NTP"
	switch {
	case skew.Abs() > skewTooMuch:
		return []Finding{s.failed(hint, "the clock of %s is %s away from this machine's", what, skew.Abs())}
	case skew.Abs() > skewNoticed:
		return []Finding{s.warning(hint, "the clock of %s is %s away from this machine's", what, skew.Abs())}
	default:
		return []Finding{s.ok("the clock of %s agrees with this machine's", what)}
	}
}

// askClock reads another clock, and ours at the same moment as far as that can be known.
func askClock(ctx context.Context, ask func(context.Context) (time.Time, error)) (theirs, ours time.Time, err error) {
	before := time.Now()
	theirs, err = ask(ctx)
	return theirs, before.Add(time.Since(before) / 2), err
}
