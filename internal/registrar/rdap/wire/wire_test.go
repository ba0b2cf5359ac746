package wire_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/registrar/rdap/wire"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]wire.Domain{
		"domain.json": {
			Class: "domain", LDHName: "EXAMPLE.COM", Status: wire.Words{"client delete prohibited", "client transfer prohibited"},
			Events: []wire.Event{
				{Action: "registration", Date: "1995-08-14T04:00:00Z"},
				{Action: "expiration", Date: "2027-08-13T04:00:00Z"},
				{Action: "last update of RDAP database", Date: "2026-11-20T10:11:12Z"},
			},
			Entities: []wire.Entity{{
				Roles: wire.Words{"registrar"}, PublicIDs: []wire.PublicID{{Type: "IANA Registrar ID", Identifier: "376"}}, Card: "Example Registrar, Inc.",
			}},
		},
		"domain_odd.json": {
			Class: "domain", LDHName: "xn--bcher-kva.test", UnicodeName: "bücher.test", Status: wire.Words{"active"},
			Entities: []wire.Entity{
				{Roles: wire.Words{"registrar"}, PublicIDs: []wire.PublicID{{Type: "IANA Registrar ID", Identifier: "376"}}},
				{},
			},
		},
	} {
		raw, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		var got wire.Domain
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

func TestWhatCannotBeUnderstoodIsAnError(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		`{"status": {}}`, `{"status": [1]}`, `{"status": 1}`, `{"ldhName": {}}`, `{"events": {}}`, `{"entities": [{"publicIds": [{"identifier": {}}]}]}`, `[]`,
	} {
		var got wire.Domain
		if err := json.Unmarshal([]byte(raw), &got); err == nil {
			t.Errorf("%s was taken for %+v", raw, got)
		}
	}
}
