package app

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/memory"
)

func TestRenewalsAreOfferedToRegistrarsThatSellThem(t *testing.T) {
	t.Parallel()
	cfg := config.Sync{Type: "transfers", Account: "op", Domains: config.Domains{RenewTLDs: []string{"NL", ".co.uk", "Рф", "not one", "nl"}}}
	c := &checker{App: &App{Config: config.Config{Syncs: map[string]config.Sync{
		"op-transfers": cfg, "op-domains": {Type: "domains", Account: "op"}, "others": {Account: "other", Domains: cfg.Domains},
	}}}}
	sells := registrar.Registrar(memory.New(memory.Config{}))
	not := struct{ registrar.Registrar }{sells}

	t.Run("in any spelling of the extensions", func(t *testing.T) {
		t.Parallel()
		want := map[string]bool{"nl": true, "co.uk": true, "xn--p1ai": true}
		if diff := cmp.Diff(want, c.domainsPolicy(cfg, sells).Renew); diff != "" {
			t.Error(diff)
		}
		if found := c.renewals(subject{"account", "op"}, sells); len(found) > 0 {
			t.Errorf("%+v", found)
		}
	})
	t.Run("and check warns about the others", func(t *testing.T) {
		t.Parallel()
		if renew := c.domainsPolicy(cfg, not).Renew; len(renew) > 0 {
			t.Errorf("%v", renew)
		}
		want := []Finding{{
			Name: "account", Subject: "op", Result: ResultWarning,
			Detail: "op-transfers: whmcsync cannot buy renewals from this registrar, so they are only proposed",
			Hint:   "take syncs.op-transfers.renew_after_transfer away, and renew at the registrar what is proposed",
		}}
		if diff := cmp.Diff(want, c.renewals(subject{"account", "op"}, not)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTransfersAreLeftToTheirSyncInWhateverCaseItsRegistrarIsWritten(t *testing.T) {
	t.Parallel()
	sync := func(kind, source, at string) config.Sync {
		return config.Sync{Type: kind, Source: source, Domains: config.Domains{Registrar: at}}
	}
	for _, tc := range []struct {
		other config.Sync
		left  bool
	}{
		{sync("transfers", "main", "openprovider"), true},
		{sync("transfers", "main", " OpenProvider "), true},
		{sync("transfers", "second", "openprovider"), false},
		{sync("transfers", "main", "enom"), false},
		{sync("domains", "main", "openprovider"), false},
	} {
		a := &App{Config: config.Config{Syncs: map[string]config.Sync{"other": tc.other}}}
		if p := a.domainsPolicy(sync("domains", "main", "openprovider"), memory.New(memory.Config{})); p.Transfers != tc.left {
			t.Errorf("%+v beside it: pending transfers are left alone: %t", tc.other.Domains.Registrar, p.Transfers)
		}
	}
}
