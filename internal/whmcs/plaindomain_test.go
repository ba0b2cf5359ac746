package whmcs

import (
	"testing"

	"golang.org/x/net/idna"
	"pgregory.net/rapid"
)

func TestThePlainDomainIsOneThatIDNALeavesAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		domain := rapid.StringMatching(`[a-z0-9.-]{1,12}|[a-z0-9-]{1,5}\.[a-z0-9-]{1,5}|xn--[a-z0-9]{1,5}\.test`).Draw(t, "domain")
		if !plainDomain(domain) {
			return
		}
		if ascii, err := idna.Lookup.ToASCII(domain); err != nil || ascii != domain {
			t.Fatalf("%q becomes %q (%v)", domain, ascii, err)
		}
	})
}
