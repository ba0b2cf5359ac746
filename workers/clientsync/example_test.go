package clientsync_test

import (
	"fmt"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/clientsync"
)

// A decision is a value: what is wished, against what is remembered and what was seen.
func ExamplePolicy_Decide() {
	policy := clientsync.Policy{
		Statuses: []whmcs.ClientStatus{whmcs.ClientActive}, Consent: whmcs.ConsentNotOptedOut,
		Groups: []clientsync.GroupRule{{ID: 1}},
	}
	ana := clientsync.Person{Email: "ana@example.com", Clients: []whmcs.Client{{ID: 4, Status: whmcs.ClientActive, OptOut: true}}}
	seen := maillist.Entry{ID: 7, Email: "ana@example.com", GroupsKnown: true, Groups: []maillist.GroupID{1, 50}}

	decision := policy.Decide(policy.Wish(ana), state.Memory{}, clientsync.Evidence{Known: true, Fresh: true, Entry: &seen})
	for _, change := range decision.Changes {
		fmt.Printf("%s client %d: %s %s -> %s (%s)\n", decision.Act, change.RecordID, change.Field, change.Old, change.New, change.Reason)
	}
	// Output: detach client 4: groups 1, 50 -> 50 (no_consent)
}
