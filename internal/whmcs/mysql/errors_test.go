package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"

	vendor "github.com/go-sql-driver/mysql"

	"github.com/whmcsync/whmcsync/internal/fault"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		err  error
		want fault.Class
	}{
		{"a deadlock", server(1213, "40001"), fault.Transient},
		{"a lock wait", server(1205, "HY000"), fault.Transient},
		{"too many connections", server(1040, "08004"), fault.Transient},
		{"a user's limit of connections", server(1226, "42000"), fault.Transient},
		{"a server that shuts down", server(1053, "08S01"), fault.Transient},
		{"a server that is read-only for now", server(1290, "HY000"), fault.Transient},
		{"something unheard of", server(9999, "HY000"), fault.Transient},
		{"an answer without a state", &vendor.MySQLError{Number: 9999}, fault.Transient},
		{"a cut connection", fmt.Errorf("read: %w", vendor.ErrInvalidConn), fault.Transient},
		{"a connection that was bad before", driver.ErrBadConn, fault.Transient},
		{"a deadline", context.DeadlineExceeded, fault.Transient},
		{"a wrong password", server(1045, "28000"), fault.Auth},
		{"no right to the database", server(1044, "42000"), fault.Auth},
		{"no right to the table", server(1142, "42000"), fault.Auth},
		{"no right to the column", server(1143, "42000"), fault.Auth},
		{"a host that may not connect", server(1130, "HY000"), fault.Auth},
		{"another matter of credentials", server(9998, "28000"), fault.Auth},
		{"an unknown column", server(1054, "42S22"), fault.Refused},
		{"an unknown table", server(1146, "42S02"), fault.Refused},
		{"an unknown database", server(1049, "42000"), fault.Refused},
		{"text the column cannot hold", server(1366, "HY000"), fault.Refused},
		{"a value that is too long", server(1406, "22001"), fault.Refused},
	} {
		t.Run(tc.name+" is "+string(tc.want), func(t *testing.T) {
			t.Parallel()
			if got := classify(tc.err); got != tc.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func server(number uint16, state string) error {
	return &vendor.MySQLError{Number: number, SQLState: [5]byte([]byte(state)), Message: "as the server puts it"}
}

func TestFailKeepsTheCauseAndTheFirstClass(t *testing.T) {
	t.Parallel()
	d := &DB{name: "main", schema: "whmcs", user: "sync"}
	if err := d.fail("count", selectClients, nil); err != nil {
		t.Errorf("nil became %v", err)
	}
	if err := d.fail("count", selectClients, context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("%v has lost its cause", err)
	}
	first := fault.New(fault.NotFound, "main", "read", "gone")
	if err := d.fail("count", selectClients, first); fault.ClassOf(err) != fault.NotFound {
		t.Errorf("%v is of another class now", err)
	}
	want := "main: count: credentials refused: Error 1142 (42000): as the server puts it; the database's administrator can allow it: " +
		"GRANT SELECT (updated_at) ON `whmcs`.`tblclients` TO 'sync'@'<host>'"
	if err := d.fail("count", selectUpdated, server(1142, "42000")); err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestVersionsBeforeConsent(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"7.4.2-release.1": true, "6.3.1": true, "5.3.14": true, "7.5.0-rc.1": false, "7.10.2": false, "8.13.1-release.1": false, "": false, "new": false,
	} {
		if got := olderThan75(version); got != want {
			t.Errorf("olderThan75(%q) = %v", version, got)
		}
	}
}
