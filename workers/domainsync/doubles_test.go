package domainsync_test

import (
	"strings"
	"testing"

	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit/synckit"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

func TestOfSeveralDomainsOfOneNameTheLiveOneIsKeptInStep(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"in one batch": 100, "in batches of their own": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, row(called(1, "example.com"), standing(whmcs.DomainExpired)), row(called(2, "Example.COM")),
				row(called(3, "example.com."), standing(whmcs.DomainPendingTransfer)))
			b.account.Hold(*held(dated(renewal("2032-09-01"))))
			run := b.Start(size, synckit.Full)
			b.MustWork()
			b.WantCounts(b.Finish(run), state.Counts{"records": 3, "updated": 1, "failed": 2})
			b.wantRow(1, whmcs.DomainExpired, "2031-09-01")
			b.wantRow(2, whmcs.DomainActive, "2032-09-01")
			b.wantRow(3, whmcs.DomainPendingTransfer, "2031-09-01")
			for _, f := range b.WantFailures("1 refused", "3 refused") {
				if f.Message != "domain 2 has the same name (Active); this one was not touched" {
					t.Error(f.Message)
				}
			}

			t.Run("and once it is gone the next one is", func(t *testing.T) {
				delete(b.whmcs.rows, 2)
				b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 2, "updated": 1, "failed": 1})
				b.wantRow(3, whmcs.DomainActive, "2032-09-01")
				b.WantFailures("1 refused")
			})
		})
	}
}

func TestOfTwoEqualsTheNewerIsKeptInStep(t *testing.T) {
	t.Parallel()
	b := setup(t, row(called(1, "bücher.example")), row(called(2, "xn--bcher-kva.example")))
	b.account.Hold(*held(func(d *registrar.Domain) { d.Name = "bücher.example" }, dated(renewal("2032-09-01"))))
	b.Pass(synckit.Full)
	b.wantRow(1, whmcs.DomainActive, "2031-09-01")
	b.wantRow(2, whmcs.DomainActive, "2032-09-01")
}

func TestADomainThatTakesAnothersNameIsFoundOutAtOnce(t *testing.T) {
	t.Parallel()
	b := inStep(t, 3)
	b.Pass(synckit.Full)
	b.edit(3, called(3, "d1.example"))
	_, err := b.Store.Touch(b.Ctx, syncName, []int64{3}, state.ByHook)
	must(t, err)
	b.Touched()
	b.WantFailures() // the newer one is kept in step
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 3, "unchanged": 2, "failed": 1})
	b.WantFailures("1 refused")
}

func TestANameThatIsNoneIsReported(t *testing.T) {
	t.Parallel()
	b := inStep(t, 2)
	b.edit(1, called(1, "not a name"))
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 2, "unchanged": 1, "failed": 1})
	if f := b.WantFailures("1 refused"); len(f) == 1 && !strings.Contains(f[0].Message, `"not a name" is not a domain name`) {
		t.Error(f[0].Message)
	}
	t.Run("and is well once it is one", func(t *testing.T) {
		b.edit(1, called(1, "d1.example"))
		b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 2, "unchanged": 2})
		b.WantFailures()
	})
}

func TestADomainThatLeavesTheSyncLeavesNoFailure(t *testing.T) {
	t.Parallel()
	b := inStep(t, 2)
	b.turn("d1.example", being(registrar.Unknown))
	b.Pass(synckit.Full)
	b.WantFailures("1 refused")
	delete(b.whmcs.rows, 1)
	b.WantCounts(b.Pass(synckit.Full), state.Counts{"records": 1, "unchanged": 1})
	b.WantFailures()
}
