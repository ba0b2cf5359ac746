package e2e

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// midway is how many writes a run has made when something happens to it; it makes more than 1,000.
const midway = 200

// outlives has the usual staff begin a run, has something happen to it midway, and checks that everybody is settled all
// the same.
func (w *world) outlives(happens func(c crew)) state.Run {
	w.t.Helper()
	c := w.staff()
	want := w.expect()
	id := w.ask(false)
	w.written(midway)
	happens(c)
	run := w.await(id, patience)
	w.settled(run, want)
	return run
}

// killable is a server that a test may kill and start again.
type killable interface {
	Kill()
	Restart(ctx context.Context) error
}

// restarted is a server's crash, and that it is back after so long.
func (w *world) restarted(s killable, outage time.Duration) func(crew) {
	return func(crew) {
		s.Kill()
		<-time.After(outage)
		if err := s.Restart(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestKilledWorkerIsReplacedWithinHalfAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{})
	w.outlives(func(c crew) {
		victim := w.busy(c)
		victim.kill()
		killed := time.Now()
		lost := w.batchesOf(victim)
		if len(lost) == 0 {
			t.Fatal("the worker was killed outside of a batch, so nothing is shown")
		}
		for _, batch := range lost {
			w.takenOver(batch, victim, killed)
		}
	})
}

// busy is a worker in the middle of batches.
func (w *world) busy(c crew) (p *process) {
	w.t.Helper()
	testkit.Eventually(w.t, patience, func() (bool, string) {
		i := slices.IndexFunc(c.workers, func(p *process) bool { return len(w.batchesOf(p)) > 0 })
		if i >= 0 {
			p = c.workers[i]
		}
		return i >= 0, "no worker is busy"
	})
	return p
}

// batchesOf are the batches that a process holds the lease of.
func (w *world) batchesOf(p *process) (ids []int64) {
	w.t.Helper()
	rows, err := w.state.Query(w.t.Context(), `SELECT id FROM batches WHERE state = 'running' AND worker LIKE '%/' || $1 ORDER BY id`, strconv.Itoa(p.pid()))
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// takenOver checks that another worker began the batch within 30 s.
func (w *world) takenOver(batch int64, victim *process, since time.Time) {
	w.t.Helper()
	var worker string
	var started time.Time
	testkit.Eventually(w.t, patience, func() (bool, string) {
		err := w.state.QueryRow(w.t.Context(), `SELECT worker, started_at FROM batches WHERE id = $1 AND generation > 1 AND state <> 'queued' AND state <> 'ready'`, batch).
			Scan(&worker, &started)
		return err == nil && started.After(since), fmt.Sprintf("batch %d has not been taken over: %v", batch, err)
	})
	if strings.HasSuffix(worker, "/"+strconv.Itoa(victim.pid())) {
		w.t.Errorf("batch %d still belongs to the killed worker", batch)
	}
	if wait := started.Sub(since); wait > 30*time.Second {
		w.t.Errorf("batch %d was begun again after %s", batch, wait)
	}
}

func TestWorkerEndsInTimeAndHandsItsBatchesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{})
	run := w.outlives(func(c crew) {
		worker := w.busy(c)
		if took := worker.terminate(patience); took > 25*time.Second {
			t.Errorf("the worker took %s to end", took)
		}
		if code := worker.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if held := w.batchesOf(worker); len(held) > 0 {
			t.Errorf("batches %v still belong to the worker that ended", held)
		}
	})
	if n := w.count(`SELECT count(*) FROM batches WHERE run_id = $1 AND generation > 1`, run.ID); n == 0 {
		t.Error("no batch was handed back")
	}
	if n := w.count(`SELECT coalesce(sum(attempts), 0) FROM batches`); n != 0 {
		t.Errorf("%d failed attempts were counted", n)
	}
}

func TestStandbyTakesOverFromAKilledLeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{rate: "60"})
	c := w.staff()
	want := w.expect()
	run := w.ask(false)
	w.written(10)
	leader := w.leader(c)
	leader.kill()
	killed := time.Now()
	testkit.Eventually(t, 15*time.Second, func() (bool, string) {
		n := w.count(`SELECT count(*) FROM leadership WHERE expires > now() AND holder NOT LIKE '%/' || $1`, strconv.Itoa(leader.pid()))
		return n == 1, "nobody else leads"
	})
	t.Logf("the standby took over after %s", time.Since(killed).Round(10*time.Millisecond))
	if n := w.count(`SELECT count(*) FROM runs WHERE id = $1 AND NOT ended`, run); n != 1 {
		t.Error("the run had ended before the leader changed, so nothing is shown")
	}
	w.settled(w.await(run, patience), want)
	w.undoubled()
}

func (w *world) leader(c crew) *process {
	w.t.Helper()
	for _, p := range c.schedulers {
		if w.count(`SELECT count(*) FROM leadership WHERE expires > now() AND holder LIKE '%/' || $1`, strconv.Itoa(p.pid())) == 1 {
			return p
		}
	}
	w.t.Fatal("nobody leads")
	return nil
}

// undoubled checks that no slice was cut twice and none begun twice.
func (w *world) undoubled() {
	w.t.Helper()
	if n := w.count(`SELECT count(*) FROM batches WHERE begins > 1`); n != 0 {
		w.t.Errorf("%d batches were begun more than once", n)
	}
	if n := w.count(`SELECT count(*) FROM (SELECT run_id, from_id FROM batches WHERE kind = 'slice' GROUP BY 1, 2 HAVING count(*) > 1) AS twice`); n != 0 {
		w.t.Errorf("%d slices were cut twice", n)
	}
}

func TestRedisLosesEverything(t *testing.T) {
	t.Parallel()
	t.Run("by FLUSHALL in mid-run", func(t *testing.T) {
		t.Parallel()
		url := testkit.Redis(t)
		w := newWorld(t, shape{redis: url, sync: smallBatches})
		w.outlives(func(crew) { flush(t, url) })
		w.requeued()
	})
	t.Run("by a crash, and comes back empty", func(t *testing.T) {
		t.Parallel()
		server := testkit.PrivateRedis(t)
		w := newWorld(t, shape{redis: server.URL, sync: smallBatches})
		w.outlives(w.restarted(server, 0))
		w.requeued()
	})
}

// smallBatches are so many that most of them wait in the queue.
const smallBatches = "guard: {min: 5000}\npoll: 0s\nbatch_size: 50"

// requeued checks that the queue really lost something.
func (w *world) requeued() {
	w.t.Helper()
	if n := w.count(`SELECT count(*) FROM batches WHERE generation > 1`); n == 0 {
		w.t.Error("no batch had to be queued again, so nothing is shown")
	}
}

func flush(t *testing.T, url string) {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestPostgresGoesAway(t *testing.T) {
	t.Parallel()
	t.Run("and is restarted in mid-run", func(t *testing.T) {
		t.Parallel()
		server := testkit.PrivatePostgres(t)
		w := newWorld(t, shape{postgres: server.URL})
		w.outlives(w.restarted(server, 0))
	})
	t.Run("for ten seconds", func(t *testing.T) {
		t.Parallel()
		server := testkit.PrivatePostgres(t)
		w := newWorld(t, shape{postgres: server.URL})
		w.outlives(w.restarted(server, 10*time.Second))
	})
}

func TestMySQLIsRestartedInMidRun(t *testing.T) {
	t.Parallel()
	server := testkit.PrivateMariaDB(t)
	w := newWorld(t, shape{mysql: server.DSN, sync: "guard: {min: 5000}\npoll: 0s\nbatch_size: 50\nwindow: 4"})
	w.outlives(w.restarted(server, 0))
}

func TestEmbeddedServersLoseNothingWhenTheirProcessIsKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shape{})
	w.config = w.embedded()
	all := w.start("run")
	w.openState(w.embeddedPostgres())
	want := w.expect()
	run := w.ask(false)
	w.written(midway)
	all.kill()
	w.start("run")
	w.openState(w.embeddedPostgres())
	w.settled(w.await(run, patience), want)
}
