package clientsync_test

import (
	"context"
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

	decision := policy.Decide(policy.Wish(ana), state.Subscriber{}, clientsync.Evidence{Known: true, Fresh: true, Entry: &seen})
	for _, change := range decision.Changes {
		fmt.Printf("%s client %d: %s %s -> %s (%s)\n", decision.Act, change.RecordID, change.Field, change.Old, change.New, change.Reason)
	}
	// Output: detach client 4: groups 1, 50 -> 50 (no_consent)
}

// A survey cuts ids, gaps and all, into ranges; the last one is open-ended.
func ExampleSurveyor_Survey() {
	surveyor := clientsync.Surveyor{
		Spots:     spots{{ID: 3, RawEmail: "a@example.com"}, {ID: 8, RawEmail: "b@example.com"}, {ID: 9, RawEmail: "c@example.com"}},
		Records:   roster{emails: map[int64]string{}},
		BatchSize: 2,
	}
	total, err := surveyor.Survey(context.Background(), state.Run{Sync: "newsletter"}, 0, func(_, _ int64, batches []state.NewBatch, last bool) error {
		for _, b := range batches {
			fmt.Printf("%d < id <= %d, last %v\n", b.FromID, b.ToID, last)
		}
		return nil
	})
	fmt.Println(total, "clients", err)
	// Output:
	// 0 < id <= 8, last false
	// 8 < id <= 9223372036854775807, last true
	// 3 clients <nil>
}
