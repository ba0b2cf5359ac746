package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/simkit"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// halfway is how many settings a run has written when something happens to it; it writes more than 700.
const halfway = 100

// crowd is an estate in which nearly every domain is to be switched at the registrar, so that a run takes its time, and
// most due dates are to be moved.
func crowd(t *testing.T, p plot) (*estate, openprovider) {
	t.Helper()
	at, desk := openOpenprovider(sim.Options{})
	p.due, p.rate = 10, "150"
	e := newEstate(t, desk, p)
	e.rules.renewal = true
	at.seed(readHoldings(t, e.whmcs), e.rules)
	e.exec(`UPDATE tbldomains SET donotrenew = 1 - donotrenew`)
	e.closeBooks()
	return e, at
}

// survives has the usual staff begin a run, has something happen to it midway, and checks that every domain is settled
// all the same, with one effect each.
func (e *estate) survives(happens func(c crew)) state.Run {
	e.t.Helper()
	c := e.staff()
	f := e.foresee()
	id := e.ask(false)
	e.switching(halfway)
	happens(c)
	run := e.await(id, patience)
	e.fulfilled(run, f)
	e.restful(f, 2)
	return run
}

// switching waits until so many settings were written.
func (e *estate) switching(n int64) {
	e.t.Helper()
	testkit.Eventually(e.t, patience, func() (bool, string) {
		now := counted(e.desk.Counts(), e.desk.changes)
		return now >= n, fmt.Sprintf("%d of %d settings, %s", now, n, e.progress())
	})
}

func TestDomainsOutliveAKilledWorker(t *testing.T) {
	t.Parallel()
	e, _ := crowd(t, plot{})
	e.survives(func(c crew) {
		victim := e.busy(c)
		victim.kill()
		killed := time.Now()
		lost := e.batchesOf(victim)
		if len(lost) == 0 {
			t.Fatal("the worker was killed outside of a batch, so nothing is shown")
		}
		for _, batch := range lost {
			e.takenOver(batch, victim, killed)
		}
	})
}

func TestDomainsOutliveAKilledLeader(t *testing.T) {
	t.Parallel()
	e, _ := crowd(t, plot{})
	e.survives(func(c crew) { e.leader(c).kill() })
	e.undoubled()
}

func TestDomainsOutliveTheLossOfRedis(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	e, at := crowd(t, plot{shape: shape{redis: url}})
	e.survives(func(crew) { flush(t, url) })
	e.requeued()
	if n := at.Counts().Calls["login"]; n > 0 { // the counts begin with the second pass
		t.Errorf("%d logins in the second pass", n)
	}
}

func TestDomainsOutliveARestartOfPostgres(t *testing.T) {
	t.Parallel()
	server := testkit.PrivatePostgres(t)
	e, _ := crowd(t, plot{shape: shape{postgres: server.URL}})
	e.survives(e.restarted(server, 0))
}

func TestDomainsOutliveARestartOfMySQL(t *testing.T) {
	t.Parallel()
	server := testkit.PrivateMariaDB(t)
	e, _ := crowd(t, plot{shape: shape{mysql: server.DSN}})
	e.survives(e.restarted(server, 0))
}

// Every fault meets the listing, look-ups and writes. What was done although the answer was lost is not done again.
func TestRegistrarMisbehaves(t *testing.T) {
	t.Parallel()
	e, at := crowd(t, plot{domains: 500})
	e.staff()
	var list []simkit.Fault
	for i, kind := range []simkit.Kind{
		simkit.KindTooMany, simkit.KindBroken, simkit.KindHTML, simkit.KindNothing, simkit.KindCut, simkit.KindBadJSON, simkit.KindUnavailable,
		simkit.KindTruncated,
	} {
		list = append(list,
			simkit.Fault{Kind: kind, Call: "list_domains", Times: 1, Skip: 5 * i},
			simkit.Fault{Kind: kind, Call: "change_domain", Times: 1, Skip: 20 * i})
	}
	list = append(list, simkit.Fault{Kind: simkit.KindHTML, Call: "list_domains", Times: 1}, simkit.Fault{Kind: simkit.KindBroken, Call: "login", Times: 1})
	f := e.foresee()
	if err := at.SetFaults(list...); err != nil {
		t.Fatal(err)
	}
	run := e.pass(false)
	for _, status := range []int{0, 429, 500, 503} {
		if at.Counts().Statuses[status] == 0 {
			t.Errorf("no answer had the status %d", status)
		}
	}
	if err := at.SetFaults(); err != nil {
		t.Fatal(err)
	}
	e.fulfilled(run, f)
	e.restful(f, 2)
}

// A token lives for two days, so it will run out in the middle of something. Both workers share the new one.
func TestTokenIsMadeOnceForAllWorkers(t *testing.T) {
	t.Parallel()
	e, at := crowd(t, plot{shape: shape{account: "page_size: 40"}})
	e.staff()
	f := e.foresee()
	id := e.ask(false)
	testkit.Eventually(t, patience, func() (bool, string) {
		n := at.Counts().Calls["list_domains"]
		return n >= 5, fmt.Sprintf("%d pages", n)
	})
	at.ExpireTokens()
	if n := e.count(`SELECT count(*) FROM listings WHERE complete`); n != 0 {
		t.Error("the listing had ended before its token, so nothing is shown")
	}
	e.switching(halfway)
	at.ExpireTokens()
	e.fulfilled(e.await(id, patience), f)
	if n := at.Counts().Calls["login"]; n != 3 {
		t.Errorf("%d logins for three tokens", n)
	}
}
