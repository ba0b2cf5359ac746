package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	Domains int
	Exit    bool   // end after the passes instead of staying up
	Program string // this program, to start workers with
	Version string
	Log     zerolog.Logger
	Say     io.Writer // what people read beside what Show shows
	Show    Show
}

// Show puts before people what happens.
type Show interface {
	// Follow shows a run's progress until it has ended, and returns it.
	Follow(ctx context.Context, a *app.App, run int64) (server.Run, error)
	Clients(Clients) error
	Domains(Domains) error
	// Sum comes last, when both have been shown.
	Sum(Clients, Domains) error
}

// callsKey is where the runs of a demo keep the calls that the simulator counted, among their counts.
const callsKey = "calls"

// Run builds the world, keeps clients and then domains in step, and stays up until ctx ends (or not, with Exit).
func Run(ctx context.Context, o Options) error {
	begun := time.Now()
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Say, "Starting a WHMCS-like MariaDB with %d clients and %d domains, and the simulators of Mailrelay and Openprovider ...\n", o.Clients, o.Domains)
	w, err := build(ctx, dir, o)
	if err != nil {
		return err
	}
	defer w.close()
	a, path, err := w.open(ctx, o)
	if err != nil {
		return err
	}
	defer a.Close()
	w.describe(o.Say)

	running, stop := context.WithCancel(ctx)
	ended, addr, err := host(running, a)
	defer func() {
		stop()
		if err := <-ended; err != nil {
			fmt.Fprintln(o.Say, "whmcsync ended with:", err)
		}
	}()
	if err != nil {
		return err
	}
	crew := &crew{program: o.Program, config: path, log: filepath.Join(dir, "workers.log")}
	defer crew.stop()
	if err := crew.start(2); err != nil {
		return err
	}
	fmt.Fprintf(o.Say, "Ready after %s: scheduler and server in this process, 2 workers beside it\n\n", time.Since(begun).Round(100*time.Millisecond))
	if err := (&stage{Options: o, app: a, world: w, crew: crew}).play(ctx); err != nil {
		return err
	}
	if o.Exit {
		fmt.Fprintf(o.Say, "\nMails         %s\n", w.postbox.dir)
		return nil
	}
	fmt.Fprintf(o.Say, "\nStatus page   http://%s/\nQueues        http://%s/queues/\nList          %s/state?people=0\nRegistrar     %s/state\nMails         %s\nLook around   %s --config %s status|runs|changes|failures\n",
		addr, addr, w.list.AdminURL(), w.registrar.AdminURL(), w.postbox.dir, o.Program, path)
	fmt.Fprintln(o.Say, "\nEverything stays up until Ctrl-C.")
	<-ctx.Done()
	return nil
}

// host runs scheduler and server in this process. ended tells how they ended, once.
func host(ctx context.Context, a *app.App) (ended chan error, addr string, err error) {
	ended, ready := make(chan error, 1), make(chan string, 1)
	go func() {
		ended <- a.Run(ctx, app.Roles{Scheduler: true, Server: true, Ready: func(addr string) { ready <- addr }})
	}()
	select {
	case addr = <-ready:
	case err = <-ended:
		ended <- nil
	}
	return ended, addr, err
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

// stage is where the demo is played: all that it needs, and running.
type stage struct {
	Options
	app   *app.App
	world *world
	crew  *crew
}

// play shows clients, then domains, and fails when either did not show what it is meant to show.
func (s *stage) play(ctx context.Context) error {
	clients, err := s.clients(ctx)
	if err != nil {
		return err
	}
	domains, err := s.domains(ctx)
	if err != nil {
		return err
	}
	return s.Show.Sum(clients, domains)
}

// run asks for a run and follows it to its end. calls tells how many calls the outside system has counted.
func (s *stage) run(ctx context.Context, request state.Request, calls func() int64) (server.Run, error) {
	before := calls()
	request.Trigger = state.ByHand
	id, err := s.app.Request(ctx, request)
	if err != nil {
		return server.Run{}, err
	}
	for {
		r, err := s.app.Store.Request(ctx, id)
		if err != nil {
			return server.Run{}, err
		}
		if r.RunID != 0 {
			run, err := s.Show.Follow(ctx, s.app, r.RunID)
			if err == nil {
				run.Counts[callsKey] = calls() - before
			}
			return run, err
		}
		select {
		case <-ctx.Done():
			return server.Run{}, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
