package mysql_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
	"github.com/whmcsync/whmcsync/internal/whmcs/mysql"
)

func TestCountAndClock(t *testing.T) {
	t.Parallel()
	b := setup(t, fixture.Load)
	if n, err := b.Count(t.Context()); n != 3 || err != nil {
		t.Errorf("%d clients (%v), want 3", n, err)
	}
	before := time.Now()
	now, err := b.Clock(t.Context())
	// The server runs on this machine.
	if err != nil || now.Before(before.Add(-time.Second)) || now.After(time.Now().Add(time.Second)) {
		t.Errorf("clock says %s (%v), it is %s", now, err, before)
	}
}

func TestChangedSince(t *testing.T) {
	t.Parallel()

	t.Run("the first look lists nobody and gives the place to go on from", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		changed, err := b.ChangedSince(t.Context(), time.Time{}, 10)
		if err != nil || changed.IDs != nil || time.Since(changed.Cursor).Abs() > time.Minute {
			t.Errorf("%+v, %v", changed, err)
		}
	})

	t.Run("clients touched since are listed, a little overlap included, zero dates never", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		cursor := time.Now().Add(-time.Hour)
		b.touch(t, 1, cursor.Add(time.Minute))
		b.touch(t, 2, cursor.Add(-time.Second))
		b.touch(t, 3, cursor.Add(-time.Minute))
		changed, err := b.ChangedSince(t.Context(), cursor, 10)
		if diff := cmp.Diff([]int64{1, 2}, changed.IDs); diff != "" || err != nil {
			t.Error(diff, err)
		}
		changed, err = b.ChangedSince(t.Context(), time.Unix(1, 0), 10)
		if diff := cmp.Diff([]int64{1, 2, 3}, changed.IDs); diff != "" || err != nil {
			t.Error(diff, err)
		}
		changed, err = b.ChangedSince(t.Context(), changed.Cursor, 10)
		if changed.IDs != nil || err != nil {
			t.Errorf("after the cursor %v, %v", changed.IDs, err)
		}
	})

	t.Run("the hour that comes twice in autumn is not looked at twice", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		autumn := time.Date(2024, 10, 27, 0, 30, 0, 0, time.UTC) // 02:30 in Madrid, for the first time
		b.touch(t, 1, autumn)
		b.touch(t, 2, autumn.Add(time.Hour)) // 02:30 for the second time
		changed, err := b.ChangedSince(t.Context(), autumn.Add(30*time.Minute), 10)
		if diff := cmp.Diff([]int64{2}, changed.IDs); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})

	t.Run("too many are no list but an error with a good cursor", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		for id := range int64(3) {
			b.touch(t, id+1, time.Now())
		}
		cursor := time.Now().Add(-time.Minute)
		if changed, err := b.ChangedSince(t.Context(), cursor, 3); len(changed.IDs) != 3 || err != nil {
			t.Errorf("exactly as many as allowed: %v, %v", changed, err)
		}
		changed, err := b.ChangedSince(t.Context(), cursor, 2)
		wantFault(t, err, fault.Refused)
		if !errors.Is(err, mysql.ErrTooMany) || changed.IDs != nil || !changed.Cursor.After(cursor) {
			t.Errorf("%+v, %v", changed, err)
		}
	})

	t.Run("an old version has no such column", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.LoadOld)
		_, err := b.ChangedSince(t.Context(), time.Now(), 10)
		wantFault(t, err, fault.Refused, "updated_at")
	})
}

func (b *bundle) touch(t testing.TB, id int64, when time.Time) {
	t.Helper()
	if _, err := b.admin.ExecContext(t.Context(), "UPDATE tblclients SET updated_at = FROM_UNIXTIME(?) WHERE id = ?", when.Unix(), id); err != nil {
		t.Fatal(err)
	}
}
