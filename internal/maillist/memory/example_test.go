package memory_test

import (
	"context"
	"fmt"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/memory"
)

func Example() {
	ctx := context.Background()
	list := memory.New(memory.Config{Account: "news"})
	wish := maillist.Subscriber{Email: "ana@example.test", Status: maillist.Active, Groups: []maillist.GroupID{1, 3}}

	result, _ := list.Upsert(ctx, wish)
	fmt.Println(result.Created, result.Entry.Groups)

	entry, _ := list.Detach(ctx, result.Entry, []maillist.GroupID{3})
	fmt.Println(entry.Groups)

	list.Remove("ana@example.test") // by somebody at the list: we never bring her back
	_, err := list.Upsert(ctx, wish)
	fmt.Println(fault.ClassOf(err))
	// Output:
	// true [1 3]
	// [1]
	// rejected
}
