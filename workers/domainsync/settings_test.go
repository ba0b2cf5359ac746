package domainsync_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/domainsync"
)

func neverRenewed(d *whmcs.Domain) { d.DoNotRenew = true }
func protected(d *whmcs.Domain)    { d.IDProtection = true }

// set is what the registrar says of auto-renew and ID protection.
func set(renew, privacy registrar.Tri) func(*registrar.Domain) {
	return func(d *registrar.Domain) { d.AutoRenew, d.Privacy = renew, privacy }
}

func TestSettingsAreBroughtToTheRegistrar(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		row  []func(*whmcs.Domain)
		held []func(*registrar.Domain)
		want []string
	}{
		{"auto-renew on", nil, []func(*registrar.Domain){set(registrar.Off, registrar.Off)}, []string{"auto_renew off -> on !"}},
		{"auto-renew off", []func(*whmcs.Domain){neverRenewed}, nil, []string{"auto_renew on -> off !"}},
		{"protection on", []func(*whmcs.Domain){protected}, nil, []string{"id_protection off -> on !"}},
		{"protection off", nil, []func(*registrar.Domain){set(registrar.On, registrar.On)}, []string{"id_protection on -> off !"}},
		{
			"both", []func(*whmcs.Domain){neverRenewed, protected}, nil, []string{"auto_renew on -> off !", "id_protection off -> on !"},
		},
		{
			"no protection where the extension knows none",
			[]func(*whmcs.Domain){protected},
			[]func(*registrar.Domain){func(d *registrar.Domain) { d.PrivacyAllowed = registrar.Off }},
			nil,
		},
		{
			"protection off even there", nil,
			[]func(*registrar.Domain){set(registrar.On, registrar.On), func(d *registrar.Domain) { d.PrivacyAllowed = registrar.Off }},
			[]string{"id_protection on -> off !"},
		},
		{"nothing to a name that does not work", []func(*whmcs.Domain){protected}, []func(*registrar.Domain){being(registrar.Suspended)}, nil},
		{"nothing for a domain that is not Active", []func(*whmcs.Domain){protected, standing(whmcs.DomainCancelled)}, nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := policy().Decide(input(row(tc.row...), listed(held(tc.held...)), domainsync.Memo{}))
			wantChanges(t, d.Changes, tc.want...)
			for _, c := range d.Changes {
				if c.Side != state.SideAccount {
					t.Errorf("%s is written to the %s", c.Field, c.Side)
				}
			}
		})
	}
}

func TestSettingsThatTheRegistrarLeadsAreBroughtToWHMCS(t *testing.T) {
	t.Parallel()
	p := policy(func(p *domainsync.Policy) {
		p.Leads.AutoRenew, p.Leads.Privacy = domainsync.LedByRegistrar, domainsync.LedByRegistrar
	})
	if d := p.Decide(input(row(protected), listed(held(set(registrar.Off, registrar.Off))), domainsync.Memo{})); d.Act != domainsync.Look {
		t.Errorf("upon what was listed: %s", d.Act)
	}
	d := p.Decide(input(row(protected), live(held(set(registrar.Off, registrar.Off))), domainsync.Memo{}))
	wantChanges(t, d.Changes, "auto_renew on -> off !", "id_protection on -> off !")
	for _, c := range d.Changes {
		if c.Side != state.SideSource {
			t.Errorf("%s is written to the %s", c.Field, c.Side)
		}
	}
}

func TestSettingsThatAListingDoesNotTell(t *testing.T) {
	t.Parallel()
	quiet := held(set(registrar.NotTold, registrar.NotTold))
	plain := row(neverRenewed)

	t.Run("are not looked up when WHMCS wants nothing", func(t *testing.T) {
		t.Parallel()
		if d := policy().Decide(input(plain, listed(quiet), domainsync.Memo{})); d.Act != domainsync.Nothing {
			t.Errorf("%s", d.Act)
		}
	})
	t.Run("are looked up once when it wants something", func(t *testing.T) {
		t.Parallel()
		if d := policy().Decide(input(row(), listed(quiet), domainsync.Memo{})); d.Act != domainsync.Look {
			t.Fatalf("%s", d.Act)
		}
		right := policy().Decide(input(row(), live(held()), domainsync.Memo{}))
		wantChanges(t, right.Changes)
		if d := policy().Decide(input(row(), listed(quiet), right.After)); d.Act != domainsync.Nothing {
			t.Errorf("after that: %s", d.Act)
		}
		if d := policy().Decide(input(row(protected), listed(quiet), right.After)); d.Act != domainsync.Look {
			t.Errorf("when WHMCS changes its mind: %s", d.Act)
		}
		if d := policy().Decide(input(plain, listed(quiet), right.After)); d.Act != domainsync.Look {
			t.Errorf("when WHMCS wants it off again: %s", d.Act)
		}
	})
	t.Run("and are not looked up again when a look tells no more", func(t *testing.T) {
		t.Parallel()
		d := policy().Decide(input(row(), live(quiet), domainsync.Memo{}))
		wantChanges(t, d.Changes)
		if d := policy().Decide(input(row(), listed(quiet), d.After)); d.Act != domainsync.Nothing {
			t.Errorf("%s", d.Act)
		}
	})
	t.Run("need no memory once the listing tells them", func(t *testing.T) {
		t.Parallel()
		d := policy().Decide(input(row(), listed(held()), domainsync.Memo{Settings: "auto_renew on id_protection off"}))
		if diff := cmp.Diff(domainsync.Memo{}, d.After); diff != "" {
			t.Error(diff)
		}
	})
}

func TestASettingThatWasRejected(t *testing.T) {
	t.Parallel()
	memo := domainsync.Memo{Rejected: map[string]string{domainsync.FieldPrivacy: "on"}}
	t.Run("is not tried again", func(t *testing.T) {
		t.Parallel()
		d := policy().Decide(input(row(protected), listed(held()), memo))
		if d.Act != domainsync.Nothing || d.Skip != "settings_refused" {
			t.Errorf("%s %s %v", d.Act, d.Skip, told(d.Changes))
		}
	})
	t.Run("does not keep the other from being brought over", func(t *testing.T) {
		t.Parallel()
		d := policy().Decide(input(row(protected), listed(held(set(registrar.Off, registrar.Off))), memo))
		wantChanges(t, d.Changes, "auto_renew off -> on !")
		if diff := cmp.Diff(memo, d.After); diff != "" {
			t.Errorf("remembered (-want +got):\n%s", diff)
		}
	})
	t.Run("is forgotten when WHMCS wants something else", func(t *testing.T) {
		t.Parallel()
		d := policy().Decide(input(row(), listed(held()), memo))
		if diff := cmp.Diff(domainsync.Memo{}, d.After); diff != "" || len(d.Changes) > 0 {
			t.Errorf("%v %s", told(d.Changes), diff)
		}
	})
	t.Run("is forgotten when the registrar has it after all", func(t *testing.T) {
		t.Parallel()
		d := policy().Decide(input(row(protected), listed(held(set(registrar.On, registrar.On))), memo))
		if diff := cmp.Diff(domainsync.Memo{}, d.After); diff != "" || d.Skip != "" {
			t.Errorf("%s %s", d.Skip, diff)
		}
	})
}
