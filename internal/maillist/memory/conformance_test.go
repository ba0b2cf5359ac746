package memory_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/maillisttest"
	"github.com/whmcsync/whmcsync/internal/maillist/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	maillisttest.Run(t, func(_ testing.TB, s maillisttest.Setup) maillisttest.Harness {
		list := memory.New(memory.Config{
			Account: "memory", PageSize: s.PageSize,
			Groups: map[maillist.GroupID]string{1: "Newsletter", 2: "Product news", 3: "Customers"},
			Fields: []string{maillisttest.FieldA, maillisttest.FieldB},
		})
		return maillisttest.Harness{List: list, Other: list}
	})
}
