package bench

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
)

// occasion is something that happens in WHMCS and has to arrive outside.
type occasion struct {
	where   string // it arrives, for people
	call    string // of the outside system, that brings it
	happens func(ctx context.Context, n int) (hook string, err error)
}

// hooks measures from a hook's call to the moment when the change has arrived, one after the other on an idle system.
func (t *trial) hooks(ctx context.Context, o occasion) error {
	if err := t.crew.start("server", 1); err != nil {
		return err
	}
	w := t.crew.world
	if err := await(ctx, time.Minute, "the server to answer", func() (bool, error) {
		return w.answers(ctx), t.crew.alive()
	}); err != nil {
		return err
	}
	var times []time.Duration
	for range t.Hooks {
		t.round++
		took, err := t.hook(ctx, o)
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	slices.Sort(times)
	worst := times[min(len(times)*99/100, len(times)-1)]
	t.add(
		Measurement{Key: "hook_p50", Unit: "ms", Value: millis(times[len(times)/2]), What: "hook to " + o.where + ", idle system, median"},
		within(Measurement{Key: "hook_p99", Unit: "ms", Value: millis(worst), What: "hook to " + o.where + ", idle system, p99"}, 2000))
	return nil
}

// answers says whether the server role is there.
func (w *world) answers(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.settings.Listen+"/healthz", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// hook lets something happen, says so, and waits until the outside system is called.
func (t *trial) hook(ctx context.Context, o occasion) (time.Duration, error) {
	w := t.crew.world
	body, err := o.happens(ctx, t.round)
	if err != nil {
		return 0, err
	}
	arrived := func() int64 { return w.outside.Counts().Calls[o.call] }
	before := arrived()
	began := time.Now()
	if err := w.call(ctx, body); err != nil {
		return 0, err
	}
	err = await(ctx, time.Minute, "a hook's change to arrive", func() (bool, error) { return arrived() > before, t.crew.alive() })
	return time.Since(began), err
}

// call sends the hook as the hook file in WHMCS does.
func (w *world) call(ctx context.Context, hook string) error {
	body := []byte(hook)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+w.settings.Listen+"/hooks/whmcs/main", bytes.NewReader(body))
	if err != nil {
		return err
	}
	now := time.Now().Unix()
	request.Header.Set("X-Whmcsync-Timestamp", strconv.FormatInt(now, 10))
	request.Header.Set("X-Whmcsync-Signature", server.SignHook(secret, now, body))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the hook was answered with HTTP %d", answer.StatusCode)
	}
	return nil
}

// limited is an account that allows little, and has an outside system that answers 429 as soon as more comes.
var limited = settings{BatchSize: 50, PerSecond: 100, InFlight: 8}

// underLoad measures how much of the allowed rate is used while every record has to be written, each with that call, and
// then goes on with what is to happen in the midst of it.
func (b *bench) underLoad(ctx context.Context, w *world, call string, then ...func(context.Context, *crew) error) error {
	crew := w.newCrew()
	defer crew.stop("")
	if err := crew.start("worker", 3); err != nil {
		return err
	}
	if err := crew.start("scheduler", 2); err != nil {
		return err
	}
	if _, err := crew.request(ctx, true); err != nil {
		return err
	}
	if err := b.rate(ctx, crew, call); err != nil || b.Gentle {
		return err
	}
	for _, step := range then {
		if err := step(ctx, crew); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) rate(ctx context.Context, c *crew, call string) error {
	writing := func() (bool, error) { return c.world.outside.Counts().Calls[call] > 50, c.alive() }
	if err := await(ctx, time.Minute, "the load to begin", writing); err != nil {
		return err
	}
	before, began := c.world.outside.Counts().TotalCalls, time.Now()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(b.Load):
	}
	after := c.world.outside.Counts()
	perSecond := float64(after.TotalCalls-before) / time.Since(began).Seconds()
	used := compared(Measurement{
		Key: "rate_use", Unit: "calls/s", Value: perSecond,
		What: fmt.Sprintf("use of an allowed rate of %g calls/s, 3 workers (yardstick: the rate)", limited.PerSecond),
	}, limited.PerSecond, 0.95)
	b.add(used, within(Measurement{
		Key: "rate_429", Unit: "answers", Value: float64(after.Statuses[http.StatusTooManyRequests]), What: "429 provoked meanwhile",
	}, 0))
	return nil
}

const running = `SELECT coalesce(max(worker), '') FROM batches WHERE state = 'running' AND kind = 'slice'`

// killWorker kills a worker that has batches in hand, and waits until all of them run again elsewhere.
func (b *bench) killWorker(ctx context.Context, c *crew) error {
	name, err := c.query(ctx, running)
	if err != nil {
		return err
	}
	victim, ok := c.find(name)
	if !ok {
		return fmt.Errorf("no worker has a batch in hand")
	}
	held, err := c.query(ctx, `SELECT coalesce(string_agg(id::text, ','), '') FROM batches WHERE state = 'running' AND worker = $1`, name)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := victim.kill(); err != nil {
		return err
	}
	c.forget(victim)
	ids := "{" + held + "}"
	err = await(ctx, 3*time.Minute, "a killed worker's batches to run again", func() (bool, error) {
		left, err := c.query(ctx, `SELECT count(*)::text FROM batches WHERE id = ANY($1::text::bigint[]) AND worker = $2 AND state <> 'settled'`, ids, name)
		return left == "0", err
	})
	if err != nil {
		return err
	}
	b.add(within(Measurement{
		Key: "worker_killed", Unit: "s", Value: time.Since(began).Seconds(),
		What: fmt.Sprintf("worker killed: its %d batches run again after", strings.Count(held, ",")+1),
	}, 30))
	return nil
}

// killLeader kills the leading scheduler and asks for a run: that it is answered shows that the next one leads and works.
func (b *bench) killLeader(ctx context.Context, c *crew) error {
	name, err := c.query(ctx, `SELECT holder FROM leadership`)
	if err != nil {
		return err
	}
	leader, ok := c.find(name)
	if !ok {
		return fmt.Errorf("no scheduler leads")
	}
	began := time.Now()
	if err := leader.kill(); err != nil {
		return err
	}
	c.forget(leader)
	id, err := c.world.store.RequestRun(ctx, state.Request{Sync: c.world.duty.sync, Trigger: state.ByHand})
	if err != nil {
		return err
	}
	err = await(ctx, 3*time.Minute, "the standby scheduler", func() (bool, error) {
		request, err := c.world.store.Request(ctx, id)
		return err == nil && (request.RunID != 0 || request.Refused != ""), err
	})
	if err != nil {
		return err
	}
	b.add(within(Measurement{
		Key: "leader_killed", Unit: "s", Value: time.Since(began).Seconds(), What: "leading scheduler killed: the standby's first tick after",
	}, 15))
	return nil
}

// forget lets a process that was killed on purpose go.
func (c *crew) forget(p *process) {
	c.processes = slices.DeleteFunc(c.processes, func(other *process) bool { return other == p })
}
