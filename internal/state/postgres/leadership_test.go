package postgres_test

import (
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/state"
)

func TestLeadership(t *testing.T) {
	t.Parallel()
	const ttl = 15 * time.Second
	take := func(b *bundle, holder string) state.Leadership {
		l, err := b.AcquireLeadership(b.ctx, holder, ttl)
		must(b.t, err)
		return l
	}
	t.Run("nobody leads at first", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		l, err := b.Leader(b.ctx)
		must(t, err)
		wantSame(t, "leader", state.Leadership{}, l)
	})
	t.Run("one of many wins", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		won := race(t, 8, state.ErrConflict, func() error {
			l, err := b.AcquireLeadership(b.ctx, time.Now().String(), ttl)
			if err == nil && !l.Leader {
				return state.ErrConflict
			}
			return err
		})
		wantSame(t, "winners", 1, won)
	})
	t.Run("renewing keeps the term and moves the end", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		first := take(b, "a")
		second := take(b, "a")
		if !first.Leader || !second.Leader || first.Term != second.Term || !second.Expires.After(first.Expires) {
			t.Errorf("first %+v, second %+v", first, second)
		}
		if second.Expires.Location() != time.UTC {
			t.Errorf("the end is given in %s", second.Expires.Location())
		}
	})
	t.Run("a standby learns who leads and takes over after the end", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		first := take(b, "a")
		wait := take(b, "b")
		wantSame(t, "standby", state.Leadership{Holder: "a", Term: first.Term, Expires: first.Expires}, wait)
		b.exec(`UPDATE leadership SET expires = now() - interval '1 second'`)
		over := take(b, "b")
		if !over.Leader || over.Term != first.Term+1 {
			t.Errorf("got %+v", over)
		}
		if late := take(b, "a"); late.Leader {
			t.Error("the old leader got it back")
		}
	})
	t.Run("a clock that was set back holds nobody off", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		take(b, "a")
		b.exec(`UPDATE leadership SET expires = now() + interval '1 year'`)
		if over := take(b, "b"); !over.Leader || time.Until(over.Expires) > time.Minute {
			t.Errorf("got %+v", over)
		}
	})
	t.Run("releasing lets a standby in at once, and only one's own", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		first := take(b, "a")
		must(t, b.ReleaseLeadership(b.ctx, "b"))
		if l, _ := b.Leader(b.ctx); !l.Leader {
			t.Error("a stranger released it")
		}
		must(t, b.ReleaseLeadership(b.ctx, "a"))
		if l, _ := b.Leader(b.ctx); l.Leader {
			t.Error("still led after the release")
		}
		if l := take(b, "b"); !l.Leader || l.Term != first.Term+1 {
			t.Errorf("got %+v", l)
		}
	})
}
