package app

import (
	"strings"
	"testing"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

func TestNothingIsWrittenUnlessWHMCSIsKnownNotTo(t *testing.T) {
	t.Parallel()
	readable := whmcs.DomainFeatures{Settings: true}
	for name, tc := range map[string]struct {
		features whmcs.DomainFeatures
		settings whmcs.DomainSettings
		why      string // "" = it may be written
	}{
		"its settings cannot be read":           {whmcs.DomainFeatures{}, whmcs.DomainSettings{}, "cannot be read"},
		"it is off":                             {readable, whmcs.DomainSettings{}, ""},
		"it is on and writes":                   {readable, whmcs.DomainSettings{SyncEnabled: true}, "is on and writes"},
		"it only notifies":                      {readable, whmcs.DomainSettings{SyncEnabled: true, NotifyOnly: true}, ""},
		"nobody knows whether it is on":         {readable, whmcs.DomainSettings{SyncUnknown: true}, "no row DomainSyncEnabled"},
		"nobody knows, but it notifies at most": {readable, whmcs.DomainSettings{SyncUnknown: true, NotifyOnly: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if why := twoWriters(config.Domains{}, tc.features, tc.settings); (why == "") != (tc.why == "") || !strings.Contains(why, tc.why) {
				t.Errorf("%q, want %q", why, tc.why)
			}
			if why := twoWriters(config.Domains{AllowTwoWriters: true}, tc.features, tc.settings); why != "" {
				t.Errorf("%q though two writers are allowed", why)
			}
		})
	}
}
