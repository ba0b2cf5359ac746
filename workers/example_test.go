package workers_test

import (
	"context"
	"fmt"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers"
)

// A survey cuts ids, gaps and all, into ranges; the last one is open-ended.
func ExampleSurveyor_Survey() {
	surveyor := workers.Surveyor{
		Key:       whmcs.NormalizeEmail,
		Spots:     spots{{ID: 3, Raw: "a@example.com"}, {ID: 8, Raw: "b@example.com"}, {ID: 9, Raw: "c@example.com"}},
		Roster:    roster{keys: map[int64]string{}},
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
