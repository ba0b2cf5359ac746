package wiretest

import (
	"slices"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// Simulator is a server made of simkit, or one that embeds it.
type Simulator interface {
	SetFaults(list ...simkit.Fault) error
	Counts() simkit.Counts
}

// Sim is the Wire to a simulator. Writes are the names of its calls that change something, for Fault.Writes.
func Sim(server Simulator, writes ...string) Wire { return wire{server, writes} }

type wire struct {
	server Simulator
	writes []string
}

func (w wire) CapPage(n int) { w.set(simkit.Fault{Kind: simkit.KindPageCap, Value: n}) }

func (w wire) Calls() int { return int(w.server.Counts().TotalCalls) }

func (w wire) PeakInFlight() int { return w.server.Counts().PeakInFlight }

func (w wire) Fail(f Fault) {
	if f.Kind == "" {
		w.set()
		return
	}
	one := simkit.Fault{Kind: kinds[f.Kind], Times: f.Times, Delay: simkit.Duration(f.Delay), Value: f.Status}
	calls := []string{""}
	if f.Writes {
		calls = slices.Clone(w.writes)
	}
	var list []simkit.Fault
	for _, call := range calls {
		one.Call = call
		list = append(list, one)
	}
	w.set(list...)
}

// set panics where it is refused: then it is the kit that is wrong.
func (w wire) set(list ...simkit.Fault) {
	if err := w.server.SetFaults(list...); err != nil {
		panic(err)
	}
}

var kinds = map[Kind]simkit.Kind{
	Status: simkit.KindStatus, TooMany: simkit.KindTooMany, TooManyDate: simkit.KindTooManyDate,
	TooManyBare: simkit.KindTooManyBare, Unavailable: simkit.KindUnavailable, HTML: simkit.KindHTML, Broken: simkit.KindBadJSON,
	Truncated: simkit.KindTruncated, Cut: simkit.KindCut, CutAfter: simkit.KindCutAfter, Nothing: simkit.KindNothing,
	Slow: simkit.KindSlow, Latency: simkit.KindLatency, Echo: simkit.KindEcho,
}
