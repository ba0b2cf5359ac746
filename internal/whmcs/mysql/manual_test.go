package mysql_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

var grantStatement = regexp.MustCompile(`(?s)GRANT ([^;]*?)\s+ON whmcs\.(\w+) TO 'whmcsync'@'192\.0\.2\.10';`)

// manualGrants are the grants that the manual tells people to give, without the user.
func manualGrants(t *testing.T, from, to string) []string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/connect-whmcs.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(text), from)
	part, _, _ = strings.Cut(part, to)
	var grants []string
	for _, found := range grantStatement.FindAllStringSubmatch(part, -1) {
		grants = append(grants, found[1]+" ON "+found[2])
	}
	return grants
}

func TestTheGrantsOfTheManualAreAllThatIsNeeded(t *testing.T) {
	t.Parallel()
	t.Run("for clients", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		features, err := b.as(t, manualGrants(t, "### Clients", "### Domains")...).Probe(t.Context())
		if err != nil || len(features.Missing) > 0 {
			t.Error(err, features.Missing)
		}
	})
	t.Run("for domains", func(t *testing.T) {
		t.Parallel()
		b := setup(t, fixture.Load)
		features, err := b.as(t, manualGrants(t, "### Domains", "### The source")...).ProbeDomains(t.Context())
		if err != nil || len(features.Missing) > 0 || !features.WriteSettings {
			t.Error(err, features.Missing)
		}
	})
}
