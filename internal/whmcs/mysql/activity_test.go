package mysql_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

func TestLogActivity(t *testing.T) {
	t.Parallel()
	for name, load := range map[string]loader{"a recent version": fixture.Load, "an old version": fixture.LoadOld} {
		t.Run("a line by System in "+name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, load)
			if err := b.LogActivity(t.Context(), "whmcsync: 3 clients <opted out> 😀"); err != nil {
				t.Fatal(err)
			}
			got := b.value(t, "SELECT CONCAT_WS('|', description, user, userid, ipaddr) FROM tblactivitylog")
			if diff := cmp.Diff("whmcsync: 3 clients &lt;opted out&gt; ?|System|0|", got); diff != "" {
				t.Error(diff)
			}
			when, err := time.ParseInLocation(time.DateTime, b.value(t, "SELECT DATE_FORMAT(date, '%Y-%m-%d %H:%i:%s') FROM tblactivitylog"), madrid(t))
			if err != nil || time.Since(when).Abs() > time.Minute {
				t.Errorf("dated %s (%v), want now in WHMCS's zone", when, err)
			}
		})
	}

	t.Run("columns that nobody has heard of get something empty", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		b.exec(t, "ALTER TABLE tblactivitylog ADD COLUMN realm VARCHAR(9) NOT NULL, ADD COLUMN weight INT NOT NULL, ADD COLUMN note TEXT NULL, ADD COLUMN seen TIMESTAMP NOT NULL DEFAULT '2001-01-01 00:00:00'")
		if err := b.LogActivity(t.Context(), "hello"); err != nil {
			t.Fatal(err)
		}
		if got := b.value(t, "SELECT CONCAT(realm, weight, note IS NULL, seen > NOW() - INTERVAL 1 MINUTE) FROM tblactivitylog"); got != "011" {
			t.Errorf("got %s", got)
		}
	})

	t.Run("INSERT alone is enough", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		if err := b.as(t, readLittle, "INSERT ON tblactivitylog").LogActivity(t.Context(), "hello"); err != nil {
			t.Error(err)
		}
		if n := b.value(t, "SELECT COUNT(*) FROM tblactivitylog"); n != "1" {
			t.Errorf("%s lines", n)
		}
	})

	t.Run("without the right nothing happens", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		if err := b.as(t, readLittle).LogActivity(t.Context(), "hello"); err != nil {
			t.Error(err)
		}
	})
}
