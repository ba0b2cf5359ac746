package bench

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/services"
)

// Options say what is measured, and where.
type Options struct {
	Dir     string // everything is written below it; emptied first
	Records []int  // sizes of the table, ascending
	Durable bool   // the servers wait for the disk as in production
	Program string // this program, to start its roles with
	Version string
	Log     zerolog.Logger
	Say     io.Writer // what people read while they wait
	Rounds  int       // how often a throughput is measured, the best one counts; default 5. Its square up to 10,000 records, two above 100,000
	Hooks   int       // hooks sent to an idle system; default 100
	Gentle  bool      // nobody is killed

	Load time.Duration // how long the rate limit is put under load; default 20 s
}

func (o Options) withDefaults() (Options, error) {
	if o.Rounds <= 0 {
		o.Rounds = 5
	}
	if o.Hooks <= 0 {
		o.Hooks = 100
	}
	if o.Load <= 0 {
		o.Load = 20 * time.Second
	}
	dir, err := filepath.Abs(o.Dir)
	o.Dir = dir
	return o, err
}

// bench is one benchmark under way.
type bench struct {
	Options
	servers *servers
	report  Report
	worlds  int
	sizes   []size // what was measured, for comparing sizes
}

// Clients measures the client sync.
func Clients(ctx context.Context, o Options) (Report, error) { return run(ctx, o, (*bench).clients) }

// Domains measures the domain sync, at a registrar that can be listed.
func Domains(ctx context.Context, o Options) (Report, error) { return run(ctx, o, (*bench).domains) }

// run starts the servers for a measurement and reports it.
func run(ctx context.Context, o Options, measure func(*bench, context.Context) error) (Report, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Report{}, err
	}
	if len(o.Records) == 0 {
		return Report{}, fmt.Errorf("bench: no number of records is given")
	}
	if err := services.Scratch(o.Dir); err != nil {
		return Report{}, err
	}
	b := &bench{Options: o, report: Report{Machine: describe(ctx, o.Version), Began: time.Now().UTC(), Records: o.Records, Durable: o.Durable}}
	b.say("Starting MariaDB, PostgreSQL and Redis ...")
	if b.servers, err = startServers(ctx, o.Dir, o.Durable, o.Log); err != nil {
		return Report{}, err
	}
	defer b.servers.stop()
	if err := b.report.Machine.addServers(ctx, b.servers); err != nil {
		return Report{}, err
	}
	if err := measure(b, ctx); err != nil {
		return Report{}, err
	}
	b.growth()
	b.report.Seconds = time.Since(b.report.Began).Seconds()
	return b.report, nil
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.Say, format+"\n", args...) }

func (b *bench) add(m ...Measurement) {
	b.report.Results = append(b.report.Results, m...)
	for _, one := range m {
		b.say("  %s: %s", one.What, one.Text())
	}
}
