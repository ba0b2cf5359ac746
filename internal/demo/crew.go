package demo

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/state"
)

// crew are the workers, each a process of its own.
type crew struct {
	program, config, log string
	workers              []*worker
}

// worker is one process; ended is closed when it is gone.
type worker struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

func (c *crew) start(n int) error {
	out, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	for range n {
		// No context: a worker is to end by a signal, after it has handed its work back.
		cmd := exec.Command(c.program, "worker", "--config", c.config) //nolint:noctx // see above
		cmd.Stdout, cmd.Stderr = out, out
		dieWithUs(cmd)
		w := &worker{cmd: cmd, ended: make(chan struct{})}
		if err := w.start(); err != nil {
			return err
		}
		c.workers = append(c.workers, w)
	}
	return nil
}

// start runs the worker from a thread of its own that lasts as long as the worker: it is the end of that thread that the
// kernel takes for the death of the parent.
func (w *worker) start() error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer close(w.ended)
		err := w.cmd.Start()
		started <- err
		if err == nil {
			_ = w.cmd.Wait() // how it ended is in its log
		}
	}()
	return <-started
}

// killOne kills the first worker without warning once a run of the sync is under way, and starts another.
func (c *crew) killOne(ctx context.Context, a *app.App, sync string) error {
	for {
		runs, err := a.RunViews(ctx, state.RunFilter{Sync: sync, Kind: state.RunPass, Limit: 1})
		if err != nil {
			return err
		}
		if len(runs) == 1 && (runs[0].Settled > 3 || !runs[0].Finished.IsZero()) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	victim := c.workers[0]
	c.workers = c.workers[1:]
	if err := victim.cmd.Process.Kill(); err != nil {
		return err
	}
	<-victim.ended
	return c.start(1)
}

func (c *crew) stop() {
	for _, w := range c.workers {
		_ = w.cmd.Process.Signal(os.Interrupt) // one that is gone needs none
	}
	for _, w := range c.workers {
		<-w.ended
	}
}
