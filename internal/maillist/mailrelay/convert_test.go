package mailrelay

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/wire"
)

func TestStrongestReasonIsTold(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		person wire.Subscriber
		want   maillist.Suppression
	}{
		{"nothing", wire.Subscriber{}, maillist.NotSuppressed},
		{"bounced", wire.Subscriber{Bounced: true}, maillist.Bounced},
		{"unsubscribed before bounced", wire.Subscriber{Bounced: true, Unsubscribed: true}, maillist.Unsubscribed},
		{"our ban before unsubscribed", wire.Subscriber{Unsubscribed: true, LocalBan: true}, maillist.Banned},
		{"their ban before unsubscribed", wire.Subscriber{Unsubscribed: true, GlobalBan: true}, maillist.Banned},
		{"a complaint before all", wire.Subscriber{Unsubscribed: true, GlobalBan: true, Bounced: true, ReportedSpam: true}, maillist.Complained},
	} {
		if got := suppression(tc.person); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestUnknownStatusIsInactive(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]maillist.Status{
		"active": maillist.Active, "Active": maillist.Active, "inactive": maillist.Inactive, "pending": maillist.Inactive, "": maillist.Inactive,
	} {
		if got := status(raw); got != want {
			t.Errorf("%q: got %q", raw, got)
		}
	}
}

func TestSpellings(t *testing.T) {
	t.Parallel()
	for email, want := range map[string][]string{
		"ana@example.test":               {"ana@example.test"},
		"eva@bücher.example.test":        {"eva@bücher.example.test", "eva@xn--bcher-kva.example.test"},
		"eva@xn--bcher-kva.example.test": {"eva@xn--bcher-kva.example.test", "eva@bücher.example.test"},
		"nonsense":                       {"nonsense"},
		"@":                              {"@"},
		"a@b@example.test":               {"a@b@example.test"},
	} {
		if diff := cmp.Diff(want, spellings(email)); diff != "" {
			t.Errorf("%s: %s", email, diff)
		}
	}
}

func TestCursorsAreStable(t *testing.T) {
	t.Parallel()
	a := &Account{pageSize: 1000}
	p := place{page: 3, size: 100, after: 77}
	if got, err := a.parsePlace(p.cursor()); err != nil || got != p {
		t.Errorf("%+v, %v", got, err)
	}
	for _, c := range []maillist.Cursor{"x", "page=0 size=1 after=1", "page=1 size=1 after=-2", "page=1 size=1 after=1 more", "page=1 size=0 after=0"} {
		if _, err := a.parsePlace(c); err == nil {
			t.Errorf("%q accepted", c)
		}
	}
}
