package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
)

// Options say how the demo is to go.
type Options struct {
	Dir     string // everything is written below it
	Clients int
	Exit    bool   // end after the second pass instead of staying up
	Program string // this program, to start workers with
	Version string
	Log     zerolog.Logger
	Say     io.Writer                                                            // what people read
	Follow  func(ctx context.Context, a *app.App, run int64) (server.Run, error) // shows a run's progress until it has ended
	Table   func(title string, first, second server.Run) error
}

// Run builds the world, syncs twice, and stays up until ctx ends (or not, with Exit). A worker is killed in the middle of
// the first pass, to show that nothing is lost by it.
func Run(ctx context.Context, o Options) error {
	begun := time.Now()
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Say, "Starting a WHMCS-like MariaDB with %d clients and the Mailrelay simulator ...\n", o.Clients)
	w, err := build(ctx, dir, o.Clients, o.Log)
	if err != nil {
		return err
	}
	defer w.close()
	a, path, err := w.open(ctx, o)
	if err != nil {
		return err
	}
	defer a.Close()
	fmt.Fprintf(o.Say, "  %d clients: %d invalid addresses, %d duplicates, %d closed, %d inactive, %d opted out, %d never opted in\n",
		w.clients.Clients, w.clients.Invalid, w.clients.Duplicates, w.clients.Closed, w.clients.Inactive, w.clients.OptedOut, w.clients.NotOptedIn)
	fmt.Fprintf(o.Say, "  %d people on the list already, some of whom unsubscribed, bounced, complained or were banned\n", w.sim.Summary().Count)

	ended := make(chan error, 1)
	running, stop := context.WithCancel(ctx)
	defer func() {
		stop()
		if err := <-ended; err != nil {
			fmt.Fprintln(o.Say, "whmcsync ended with:", err)
		}
	}()
	ready := make(chan string, 1)
	go func() {
		ended <- a.Run(running, app.Roles{Scheduler: true, Server: true, Ready: func(addr string) { ready <- addr }})
	}()
	var addr string
	select {
	case addr = <-ready:
	case err := <-ended:
		ended <- nil
		return err
	}
	crew := &crew{program: o.Program, config: path, log: filepath.Join(dir, "workers.log")}
	defer crew.stop()
	if err := crew.start(2); err != nil {
		return err
	}
	fmt.Fprintf(o.Say, "Ready after %s: scheduler and server in this process, 2 workers beside it\n\n", time.Since(begun).Round(100*time.Millisecond))
	first, second, err := o.twoPasses(ctx, a, w, crew)
	if err != nil {
		return err
	}
	if err := o.Table(fmt.Sprintf("%d clients, two passes", o.Clients), first, second); err != nil {
		return err
	}
	fmt.Fprintf(o.Say, "\nStatus page   http://%s/\nQueues        http://%s/queues/\nList          %s/state?people=0\nLook around   %s --config %s status|runs|changes|failures\n",
		addr, addr, w.sim.AdminURL(), o.Program, path)
	if err := o.verdict(first, second, w); err != nil {
		return err
	}
	if o.Exit {
		return nil
	}
	fmt.Fprintln(o.Say, "\nEverything stays up until Ctrl-C.")
	<-ctx.Done()
	return nil
}

// open writes the configuration and opens whmcsync with it.
func (w *world) open(ctx context.Context, o Options) (*app.App, string, error) {
	listen, err := freeAddress("127.0.0.1:8080")
	if err != nil {
		return nil, "", err
	}
	path, err := w.writeConfig(listen)
	if err != nil {
		return nil, "", err
	}
	cfg, err := config.Load(path, os.LookupEnv)
	if err != nil {
		return nil, "", err
	}
	a, err := app.Open(ctx, cfg, app.Options{Version: o.Version, Log: o.Log})
	return a, path, err
}

// twoPasses runs a first pass during which a worker dies, and a second one that has nothing left to do.
func (o Options) twoPasses(ctx context.Context, a *app.App, w *world, crew *crew) (first, second server.Run, err error) {
	fmt.Fprintln(o.Say, "First pass (a worker is killed on the way):")
	killed := make(chan error, 1)
	go func() { killed <- crew.killOne(ctx, a) }()
	if first, err = o.pass(ctx, a); err != nil {
		return first, second, err
	}
	if err := <-killed; err != nil {
		return first, second, err
	}
	before := w.sim.Summary().TotalCalls
	fmt.Fprintln(o.Say, "Second pass:")
	if second, err = o.pass(ctx, a); err != nil {
		return first, second, err
	}
	first.Counts["calls"], second.Counts["calls"] = before, w.sim.Summary().TotalCalls-before
	return first, second, nil
}

func (o Options) pass(ctx context.Context, a *app.App) (server.Run, error) {
	request, err := a.Request(ctx, state.Request{Sync: "newsletter", Trigger: state.ByHand})
	if err != nil {
		return server.Run{}, err
	}
	for {
		r, err := a.Store.Request(ctx, request)
		if err != nil {
			return server.Run{}, err
		}
		if r.RunID != 0 {
			return o.Follow(ctx, a, r.RunID)
		}
		select {
		case <-ctx.Done():
			return server.Run{}, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

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

// killOne kills the first worker without warning once the run is under way, and starts another.
func (c *crew) killOne(ctx context.Context, a *app.App) error {
	for {
		runs, err := a.RunViews(ctx, state.RunFilter{Sync: "newsletter", Kind: state.RunPass, Limit: 1})
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

// verdict fails the demo when it did not show what it is meant to show.
func (o Options) verdict(first, second server.Run, w *world) error {
	summary := w.sim.Summary()
	switch {
	case first.State != string(state.RunDone) || second.State != string(state.RunDone):
		return fmt.Errorf("the passes ended as %s and %s", first.State, second.State)
	case first.Counts[state.CountRecords] < int64(o.Clients):
		return fmt.Errorf("the first pass looked at %d records only", first.Counts[state.CountRecords])
	case len(summary.Violations) > 0:
		return fmt.Errorf("the list saw %d things that must not happen, the first: %+v", len(summary.Violations), summary.Violations[0])
	case second.Counts["calls"] > 20:
		return fmt.Errorf("the second pass cost %d API calls", second.Counts["calls"])
	}
	return nil
}
