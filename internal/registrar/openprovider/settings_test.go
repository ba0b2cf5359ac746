package openprovider_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
)

func TestAutoRenewIsWrittenAsTheAccountHasIt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opt  sim.Options
		on   bool
		want string
		told registrar.Tri
	}{
		"on, by default":             {sim.Options{}, true, "default", registrar.On},
		"on, against the default":    {sim.Options{NoAutoRenew: true}, true, "on", registrar.On},
		"on, with a default unknown": {sim.Options{NoSettings: true}, true, "on", registrar.On},
		"off":                        {sim.Options{}, false, "off", registrar.Off},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startSim(t, tc.opt)
			server.Seed(sim.Domain{Name: "example.com", Status: "ACT", AutoRenew: "off"})
			account := open(t, server, openprovider.Config{})
			d, err := account.Get(t.Context(), "example.com")
			wantClass(t, err, "")
			_, err = account.SetAutoRenew(t.Context(), d, tc.on)
			wantClass(t, err, "")
			same(t, "written", tc.want, server.Domains()[0].AutoRenew)
			d, err = account.Get(t.Context(), "example.com")
			wantClass(t, err, "")
			same(t, "told", tc.told, d.AutoRenew)
		})
	}
}

func TestTheDefaultIsReadOnceAndOnlyWhenNeeded(t *testing.T) {
	t.Parallel()
	for _, opt := range []sim.Options{{}, {NoAutoRenew: true}, {NoSettings: true}} {
		server := held(t, opt, "off.com")
		account := open(t, server, openprovider.Config{})
		_, err := account.ListPage(t.Context(), "")
		wantClass(t, err, "")
		same(t, "reads before they are needed", int64(0), server.Counts().Calls["get_settings"])
		server.Seed(sim.Domain{Name: "default.com", Status: "ACT", AutoRenew: "default"})
		want := registrar.TriOf(!opt.NoAutoRenew)
		if opt.NoSettings {
			want = registrar.NotTold
		}
		for range 3 {
			d, err := account.Get(t.Context(), "default.com")
			wantClass(t, err, "")
			same(t, "auto-renew", want, d.AutoRenew)
		}
		same(t, "reads", int64(1), server.Counts().Calls["get_settings"])
	}
}

func TestRemarksComeBackAsNotes(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{Unchanged: 18}, "example.com")
	server.SetWarnings(sim.Code{Code: 399, Desc: "An error occurred", Data: "The registry says no"})
	account := open(t, server, openprovider.Config{})
	d := registrar.Domain{Name: "example.com", ID: "1"}
	notes, err := account.SetPrivacy(t.Context(), d, true)
	wantClass(t, err, "")
	same(t, "notes", []string{"code 399: An error occurred: The registry says no"}, notes)
	_, err = account.SetPrivacy(t.Context(), d, true)
	wantClass(t, err, "")
	same(t, "unchanged", int64(1), server.Counts().Statuses[500])
}

func TestWhatCannotBeSetIsRefusedWithoutACall(t *testing.T) {
	t.Parallel()
	server := held(t, sim.Options{}, "example.com")
	account := open(t, server, openprovider.Config{})
	_, err := account.SetPrivacy(t.Context(), registrar.Domain{Name: "example.com", ID: "1", PrivacyAllowed: registrar.Off}, true)
	wantClass(t, err, fault.Rejected)
	for _, id := range []string{"", "0", "-1", "../1", "x"} {
		_, err = account.SetPrivacy(t.Context(), registrar.Domain{Name: "example.com", ID: id}, true)
		wantClass(t, err, fault.Refused)
	}
	same(t, "calls", int64(0), server.Counts().TotalCalls)
	_, err = account.SetPrivacy(t.Context(), registrar.Domain{Name: "example.com", ID: "1", PrivacyAllowed: registrar.Off}, false)
	wantClass(t, err, "")
	_, err = account.SetAutoRenew(t.Context(), registrar.Domain{Name: "gone.com", ID: "77"}, false)
	wantClass(t, err, fault.Rejected)
}

func TestACheckSaysWhatAPersonShouldKnow(t *testing.T) {
	t.Parallel()
	for remarks, opt := range map[int]sim.Options{0: {}, 1: {NoSettings: true}} {
		server := held(t, opt, many(5)...)
		health, err := open(t, server, openprovider.Config{}).Check(t.Context())
		wantClass(t, err, "")
		same(t, "domains", 5, health.Domains)
		same(t, "remarks", remarks, len(health.Remarks))
	}
	server := held(t, sim.Options{NoAutoRenew: true})
	health, err := open(t, server, openprovider.Config{}).Check(t.Context())
	wantClass(t, err, "")
	same(t, "remarks", 1, len(health.Remarks))
}
