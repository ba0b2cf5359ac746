package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// The addon that this program replaces had these faults. None can happen here; each is shown by the tests named beside
// it, and this test fails when one of them goes away.
func TestFaultsOfTheAddonCannotHappen(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		fault string
		shown []string // folder and test
	}{
		{"consent and status are ignored", []string{"internal/e2e TestTwoThousandClientsAreKeptInStep", "internal/e2e TestOldVersionWithoutOptInIsKeptInStep"}},
		{"deleted subscribers come back", []string{"internal/e2e TestTwoThousandClientsAreKeptInStep", "internal/e2e TestImplausibleListingIsHeld"}},
		{"paging by offset skips clients when others are deleted", []string{"internal/e2e TestClientTableGrowsAndShrinksDuringTheRun"}},
		{"an exact multiple of the batch size sticks for ever", []string{"internal/e2e TestExactMultiplesOfTheBatchSize", "internal/e2e TestOneBatchForEachRunGoesOnWhereItStoppedAndBeginsAnew"}},
		{"there is no retry, no backoff, no time limit, and errors are lost", []string{"internal/e2e TestAccountMisbehaves", "internal/e2e TestAccountIsDownForAWhile", "internal/e2e TestFourWorkersStayBelowTheLimitOfTheAccount"}},
		{"every client is sent again at each pass", []string{"internal/e2e TestTwoThousandClientsAreKeptInStep"}},
		{"button and cron run the same batch at once", []string{"internal/e2e TestRunIsNotStartedTwice", "internal/e2e TestStandbyTakesOverFromAKilledLeader"}},
		{"the cron key is public and compared carelessly", []string{"internal/server TestCronKeyAsksForARun", "internal/server TestCronRefusesEverybodyInTheSameWords"}},
		{"the button is a link without protection, and addresses are shown unescaped", []string{"internal/server TestLoginFormIsProtected", "internal/server TestFailuresPage"}},
		{"hooks hold the customer's page up", []string{"deploy TestThePageIsNotHarmed", "internal/e2e TestHookReachesTheListWithinTwoSeconds"}},
		{"old addresses, closed and deleted clients stay subscribed", []string{"internal/e2e TestChangedAddressMovesTheSubscriber", "internal/e2e TestClosedAndDeletedClientsAreDetachedOnceTheGuardHasSeenAll"}},
		{"there is one list of groups for all, and none is ever taken away", []string{"internal/e2e TestGroupsFollowTheirRules"}},
		{"who leaves the list stays opted in", []string{"internal/e2e TestUnsubscribedPeopleAreOptedOutInWHMCSWhenSwitchedOn"}},
		{"settings that the manual promises do not exist", []string{"internal/config TestTheManualHasEveryKeyAndNoOther", "internal/config TestTheSampleShowsEveryKey"}},
		{"the PHP code warns on PHP 8", []string{"deploy TestHookFileIsWellFormed"}},
	} {
		t.Run(tc.fault, func(t *testing.T) {
			t.Parallel()
			for _, shown := range tc.shown {
				folder, test, _ := strings.Cut(shown, " ")
				if !hasTest(t, folder, test) {
					t.Errorf("there is no %s in %s any more", test, folder)
				}
			}
		})
	}
}

func hasTest(t *testing.T, folder, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == test {
				return true
			}
		}
	}
	return false
}
