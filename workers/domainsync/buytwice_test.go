package domainsync_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/memory"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/state/postgres"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// till is an account with a hook before and one behind each renewal.
type till struct {
	*memory.Account
	before, behind func()
}

func (c *till) Renew(ctx context.Context, d registrar.Domain, years int) (registrar.Dates, []string, error) {
	c.before()
	defer c.behind()
	return c.Account.Renew(ctx, d, years)
}

// breaking is a store that breaks at the nth write: before it, or once it is done. Then the process has ended.
type breaking struct {
	*postgres.Store
	at     int // 0 = never
	behind bool
}

var errCrash = errors.New("the process ended")

func (s *breaking) write(do func() error) error {
	s.at--
	switch {
	case s.at == 0 && s.behind:
		_ = do()
		s.at = 1
		return errCrash
	case s.at == 0:
		s.at = 1
		return errCrash
	default:
		return do()
	}
}

func (s *breaking) Claim(ctx context.Context, l state.Lease, sync string, claims []state.Claim) (claimed []state.Claimed, err error) {
	err = s.write(func() error { claimed, err = s.Store.Claim(ctx, l, sync, claims); return err })
	return claimed, err
}

func (s *breaking) Settle(ctx context.Context, l state.Lease, sync string, settlements []state.Settlement) error {
	return s.write(func() error { return s.Store.Settle(ctx, l, sync, settlements) })
}

func (s *breaking) MemoriesByKeys(ctx context.Context, sync string, emails []string) (known map[string]state.Memory, err error) {
	err = s.write(func() error { known, err = s.Store.MemoriesByKeys(ctx, sync, emails); return err })
	return known, err
}

// mishaps goes on with one transfer after the other, and lets something go wrong at each step.
type mishaps struct {
	*bundle
	rt    *rapid.T
	store *breaking
	till  *till
	id    int64
	name  registrar.Name
}

func (m *mishaps) touch(by state.Trigger) {
	_, err := m.Store.Touch(m.Ctx, syncName, []int64{m.id}, by)
	must(m.T, err)
	_, _ = m.Exec.Touched(m.Ctx, syncName, 100, m.Guard, m.Stop)
}

// calm ends what was to go wrong.
func (m *mishaps) calm() {
	m.store.at = 0
	m.till.before, m.till.behind = func() {}, func() {}
	m.account.Fail("Renew")
	m.account.Lose()
}

// once is a hook that does not meet itself.
func (m *mishaps) once(do func()) func() {
	return func() {
		m.calm()
		do()
	}
}

func (m *mishaps) goWrong() {
	m.calm()
	class := rapid.SampledFrom([]fault.Class{fault.Transient, fault.Protocol, fault.Held, fault.RateLimited, fault.Rejected}).Draw(m.rt, "class")
	switch rapid.SampledFrom([]string{
		"nothing", "crash", "answer lost", "not bought", "overtaken before", "overtaken behind", "another before", "another behind",
	}).Draw(m.rt, "wrong") {
	case "crash":
		m.store.at, m.store.behind = rapid.IntRange(1, 6).Draw(m.rt, "at"), rapid.Bool().Draw(m.rt, "behind")
	case "answer lost":
		m.account.Lose(trouble(rapid.SampledFrom([]fault.Class{fault.Transient, fault.Protocol, fault.Held}).Draw(m.rt, "lost")))
	case "not bought":
		m.account.Fail("Renew", trouble(class))
	case "overtaken before":
		m.till.before = m.once(m.Overtake)
	case "overtaken behind":
		m.till.behind = m.once(m.Overtake)
	case "another before":
		m.till.before = m.once(func() { m.touch(state.ByRetry) })
	case "another behind":
		m.till.behind = m.once(func() { m.touch(state.ByRetry) })
	}
}

// anew begins a pass, whatever the one before has come to.
func (m *mishaps) anew() {
	open, err := m.Store.OpenRuns(m.Ctx, syncName)
	must(m.T, err)
	for _, run := range open {
		m.End(run)
	}
	m.Start(100)
	m.Work()
}

func (m *mishaps) step() {
	m.goWrong()
	switch rapid.SampledFrom([]string{"pass", "attempt", "attempt", "poll", "retry", "pending again"}).Draw(m.rt, "step") {
	case "pass":
		m.anew()
	case "attempt":
		m.Again()
	case "poll":
		m.touch(state.ByPoll)
	case "retry":
		m.touch(state.ByRetry)
	case "pending again": // and the registrar shows the date of yesterday
		m.edit(m.id, standing(whmcs.DomainPendingTransfer))
		m.turn(m.name, dated(renewal("2031-03-25")))
	}
}

func TestARenewalIsNeverBoughtTwice(t *testing.T) {
	t.Parallel()
	b := arriving(t, 0)
	b.Guard = 1000
	m := mishaps{bundle: b, store: &breaking{Store: b.Store}, till: &till{Account: b.account}}
	b.duty.Store, b.duty.Registrar = m.store, m.till
	bought := 0
	rapid.Check(t, func(rt *rapid.T) {
		m.rt, m.id = rt, m.id+1
		m.name = registrar.Name(fmt.Sprintf("d%d.example", m.id))
		b.whmcs.put(row(called(m.id, string(m.name)), standing(whmcs.DomainPendingTransfer), expiring("2031-03-25")))
		b.done(m.name, "2031-03-25")
		for range rapid.IntRange(1, 5).Draw(rt, "steps") {
			m.step()
		}
		m.calm()
		for range 4 {
			m.Again()
		}
		m.anew()
		n := b.account.Renewals(m.name)
		if bought += n; n > 1 {
			rt.Fatalf("it was bought %d times", n)
		}
	})
	if bought == 0 {
		t.Error("none was ever bought")
	}
}

// meddling is a store in which somebody else writes to a record in the instant after it was claimed.
type meddling struct {
	*postgres.Store
	meddle func()
}

func (s *meddling) Claim(ctx context.Context, l state.Lease, sync string, claims []state.Claim) ([]state.Claimed, error) {
	claimed, err := s.Store.Claim(ctx, l, sync, claims)
	s.meddle()
	s.meddle = func() {}
	return claimed, err
}

func TestARenewalThatCannotBeWrittenDownIsNotAskedFor(t *testing.T) {
	t.Parallel()
	b := arriving(t, 1)
	b.duty.Store = &meddling{b.Store, func() {
		b.SQL(`UPDATE memories SET version = version + 1`)
	}}
	b.Pass()
	b.wantCalls(map[string]int{"Transfer": 1, "Get": 1})
	b.WantChanges("d1.example", "renewal superseded")
	b.Touched()
	b.wantRenewals("d1.example", 1)
	b.wantRow(1, whmcs.DomainActive, "2032-03-25")
}
