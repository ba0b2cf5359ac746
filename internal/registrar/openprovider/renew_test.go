package openprovider_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider"
	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
)

// paidUntil is a simulator that holds one name.
func paidUntil(t *testing.T, opt sim.Options, day string) (*sim.Server, *openprovider.Account, registrar.Domain) {
	t.Helper()
	server := startSim(t, opt)
	server.Seed(sim.Domain{Name: "example.nl", Status: "ACT", Renewal: day + " 00:00:00"})
	account := open(t, server, openprovider.Config{})
	d, err := account.Get(t.Context(), "example.nl")
	wantClass(t, err, "")
	return server, account, d
}

func TestARenewalThatIsRefusedIsCertainlyNotBought(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]fault.Class{
		310: fault.Rejected, 920: fault.Rejected, 324: fault.Rejected, 19307: fault.Rejected, 325: fault.Rejected, 366: fault.Rejected,
		320: fault.Rejected, 4007: fault.RateLimited, 10005: fault.Auth,
		10: fault.Transient, 399: fault.Transient, 77777: fault.Transient, 18: fault.Transient, // it may be bought
	} {
		server, account, d := paidUntil(t, sim.Options{}, "2031-03-25")
		server.SetCodes(sim.Code{Call: "renew_domain", Code: code})
		_, _, err := account.Renew(t.Context(), d, 1)
		if got := fault.ClassOf(err); got != want {
			t.Errorf("code %d: class %q, want %q", code, got, want)
		}
		same(t, "requests", int64(1), server.Counts().Calls["renew_domain"])
	}
}

func TestAnAnswerDuringMaintenanceLeavesARenewalOpen(t *testing.T) {
	t.Parallel()
	server, account, d := paidUntil(t, sim.Options{}, "2031-03-25")
	server.SetMaintenance(true)
	_, _, err := account.Renew(t.Context(), d, 1)
	wantClass(t, err, fault.Transient)
}

func TestARenewalWhoseDateCannotBeReadIsBoughtAllTheSame(t *testing.T) {
	t.Parallel()
	server, account, d := paidUntil(t, sim.Options{}, "2031-03-25")
	server.SetWarnings(sim.Code{Code: 399, Desc: "Slow registry"})
	server.SetCodes(sim.Code{Call: "list_domains", Code: 399})
	dates, notes, err := account.Renew(t.Context(), d, 2)
	wantClass(t, err, "")
	same(t, "dates", registrar.Dates{}, dates)
	same(t, "notes", []string{"code 399: Slow registry"}, notes)
	same(t, "renewals", 1, server.Domains()[0].Renewals)
}

func TestTheSimulatorSellsNoRenewalTooEarly(t *testing.T) {
	t.Parallel()
	server, account, d := paidUntil(t, sim.Options{RenewDays: 28}, "2099-01-01")
	_, _, err := account.Renew(t.Context(), d, 1)
	wantClass(t, err, fault.Rejected)
	same(t, "renewals", 0, server.Domains()[0].Renewals)
}
