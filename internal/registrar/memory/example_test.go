package memory_test

import (
	"context"
	"fmt"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/memory"
)

func Example() {
	ctx := context.Background()
	account := memory.New(memory.Config{Account: "op"})
	account.Hold(registrar.Domain{Name: "Bücher.example", Status: registrar.Active})
	account.Depart("gone.example", registrar.Departure{Status: registrar.TransferredAway, Day: civil.Must("2031-05-01")})

	d, _ := account.Get(ctx, "xn--bcher-kva.example")
	fmt.Println(d.Name, d.Status)

	left, _ := account.Departed(ctx, "gone.example")
	fmt.Println(left.Status, left.Day)

	account.Fail("Get", fault.New(fault.Transient, "op", "Get", "a bad day"))
	_, err := account.Get(ctx, "xn--bcher-kva.example")
	fmt.Println(err, account.Calls("Get"))
	// Output:
	// xn--bcher-kva.example active
	// transferred_away 2031-05-01
	// op: Get: transient: a bad day 2
}
