package synckit

import (
	"cmp"
	"fmt"
	"slices"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/state"
)

// WantCounts checks what a run counted, but for its calls.
func (s *Sync) WantCounts(run state.Run, want state.Counts) {
	s.T.Helper()
	delete(run.Counts, state.CountCalls)
	if diff := gocmp.Diff(want, run.Counts); diff != "" {
		s.T.Errorf("counts (-want +got):\n%s", diff)
	}
}

// WantFailures checks the open failures as "record class", by record.
func (s *Sync) WantFailures(want ...string) []state.Failure {
	s.T.Helper()
	failures, err := s.Store.Failures(s.Ctx, state.FailureFilter{Sync: s.Name})
	s.must(err)
	slices.SortFunc(failures, func(x, y state.Failure) int { return cmp.Compare(x.RecordID, y.RecordID) })
	var got []string
	for _, f := range failures {
		got = append(got, fmt.Sprint(f.RecordID, " ", f.Class))
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		s.T.Errorf("open failures (-want +got):\n%s", diff)
	}
	return failures
}

// WantChanges checks the changes of a key as "field state", newest first.
func (s *Sync) WantChanges(key string, want ...string) []state.Change {
	s.T.Helper()
	changes, err := s.Store.Changes(s.Ctx, state.ChangeFilter{Sync: s.Name, Key: key})
	s.must(err)
	var got []string
	for _, c := range changes {
		got = append(got, c.Field+" "+string(c.State))
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		s.T.Errorf("changes of %s (-want +got):\n%s", key, diff)
	}
	return changes
}
