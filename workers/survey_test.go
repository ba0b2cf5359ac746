package workers_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers"
)

// spots are the clients of a WHMCS, by id.
type spots []whmcs.Spot

func (s spots) Spots(_ context.Context, after int64, limit int) ([]whmcs.Spot, error) {
	from := sort.Search(len(s), func(i int) bool { return s[i].ID > after })
	return slices.Clone(s[from:min(from+limit, len(s))]), nil
}

// roster remembers addresses in memory.
type roster struct {
	keys map[int64]string
}

func (r roster) Roster(_ context.Context, _ string, from, to int64) ([]state.RosterRow, error) {
	var rows []state.RosterRow
	for id, key := range r.keys {
		if id > from && id <= to {
			rows = append(rows, state.RosterRow{RecordID: id, Key: key})
		}
	}
	return rows, nil
}

func (r roster) PutRoster(_ context.Context, _ string, put []state.RosterRow, remove []int64) error {
	for _, row := range put {
		r.keys[row.RecordID] = row.Key
	}
	for _, id := range remove {
		delete(r.keys, id)
	}
	return nil
}

var errCrash = errors.New("crashed")

// cutter keeps what a survey adds, as the store does, and crashes after so many additions.
type cutter struct {
	run     state.Run
	batches []state.NewBatch
	crashIn int // additions left; negative = never
}

func (c *cutter) add(from, to int64, batches []state.NewBatch, last bool) error {
	if c.crashIn == 0 {
		return errCrash
	}
	if from != c.run.SliceCursor {
		return fmt.Errorf("added from %d, the cursor is at %d", from, c.run.SliceCursor)
	}
	c.crashIn--
	c.run.SliceCursor, c.run.Sliced = to, last
	c.batches = append(c.batches, batches...)
	return nil
}

func clientsWithGaps(t *rapid.T, n int) spots {
	all := make(spots, n)
	var id int64
	for i := range all {
		id += rapid.Int64Range(1, 40).Draw(t, "gap")
		all[i] = whmcs.Spot{ID: id, Raw: fmt.Sprintf("c%d@example.com", id)}
	}
	return all
}

func TestSurveyCutsEveryIDIntoExactlyOneBatch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size, pages := rapid.IntRange(1, 6).Draw(t, "batch size"), rapid.IntRange(1, 8).Draw(t, "page size")
		n := cmp.Or(rapid.IntRange(0, 4).Draw(t, "full batches")*size, rapid.IntRange(0, 30).Draw(t, "clients"))
		all := clientsWithGaps(t, n)
		limit := rapid.IntRange(0, 4).Draw(t, "batches per run")
		surveyor := workers.Surveyor{Key: whmcs.NormalizeEmail, Spots: all, Roster: roster{keys: map[int64]string{}}, BatchSize: size, Page: pages}
		offset, seen := int64(0), 0
		for range n + 2 { // one run after another, each from the offset of the one before
			c := &cutter{run: state.Run{FromID: offset, SliceCursor: offset, BatchLimit: limit}, crashIn: -1}
			total := survey(t, surveyor, c)
			if want := int64(len(all) - seen); total != want {
				t.Fatalf("total %d, want %d", total, want)
			}
			if limit > 0 && len(c.batches) > limit {
				t.Fatalf("%d batches, at most %d allowed", len(c.batches), limit)
			}
			seen += checkRanges(t, c.batches, all, offset, size)
			if offset = c.run.SliceCursor; offset == math.MaxInt64 {
				break
			}
			if limit == 0 || len(c.batches) != limit {
				t.Fatalf("ends at %d with %d batches", offset, len(c.batches))
			}
		}
		if offset != math.MaxInt64 || seen != len(all) {
			t.Fatalf("the pass never ends: offset %d, %d of %d clients", offset, seen, len(all))
		}
	})
}

// survey surveys to the end, however often it crashes on the way.
func survey(t *rapid.T, s workers.Surveyor, c *cutter) (total int64) {
	before := int64(len(c.batches) * s.BatchSize)
	for !c.run.Sliced {
		cut := len(c.batches)
		rest, err := s.Survey(context.Background(), c.run, cut, c.add)
		if err == nil {
			return int64(cut*s.BatchSize) + rest - before
		}
		if !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		c.crashIn = rapid.IntRange(1, 3).Draw(t, "next crash")
	}
	return 0
}

// checkRanges checks that the ranges are contiguous from the offset on and full, and counts the clients in them.
func checkRanges(t *rapid.T, batches []state.NewBatch, all spots, from int64, size int) (seen int) {
	for i, b := range batches {
		inside := 0
		for _, spot := range all {
			if spot.ID > b.FromID && spot.ID <= b.ToID {
				inside++
			}
		}
		if b.FromID != from || b.Kind != state.BatchSlice || inside > size || (i < len(batches)-1 && inside != size) {
			t.Fatalf("batch %d is %+v with %d clients, expected from %d with %d", i, b, inside, from, size)
		}
		from, seen = b.ToID, seen+inside
	}
	return seen
}

func TestSurveyGoesOnWhereItCrashed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := clientsWithGaps(t, rapid.IntRange(0, 40).Draw(t, "clients"))
		size, limit := rapid.IntRange(1, 5).Draw(t, "batch size"), rapid.IntRange(0, 5).Draw(t, "batches per run")
		surveyor := workers.Surveyor{Key: whmcs.NormalizeEmail, Spots: all, Roster: roster{keys: map[int64]string{}}, BatchSize: size, Page: rapid.IntRange(1, 9).Draw(t, "page size")}
		smooth := &cutter{run: state.Run{BatchLimit: limit}, crashIn: -1}
		rough := &cutter{run: state.Run{BatchLimit: limit}, crashIn: rapid.IntRange(0, 3).Draw(t, "first crash")}
		want, got := survey(t, surveyor, smooth), survey(t, surveyor, rough)
		if diff := gocmp.Diff(smooth.batches, rough.batches); diff != "" || want != got {
			t.Fatalf("total %d, want %d; batches (-smooth +crashed):\n%s", got, want, diff)
		}
	})
}

func TestSurveyBringsTheRosterUpToDate(t *testing.T) {
	t.Parallel()
	known := roster{keys: map[int64]string{2: "old@example.com", 3: "c@example.com", 4: "", 9: "gone@example.com"}}
	all := spots{{ID: 1, Raw: "A@Example.com"}, {ID: 2, Raw: "b@example.com"}, {ID: 3, Raw: "c@example.com"}, {ID: 4, Raw: "healed@example.com"}, {ID: 5, Raw: "broken"}}
	surveyor := workers.Surveyor{Key: whmcs.NormalizeEmail, Spots: all, Roster: known, BatchSize: 2}
	c := &cutter{crashIn: -1}
	if _, err := surveyor.Survey(t.Context(), c.run, 0, c.add); err != nil {
		t.Fatal(err)
	}
	// Left to their batches: who is not valid, was not valid, or is gone.
	want := map[int64]string{1: "a@example.com", 2: "b@example.com", 3: "c@example.com", 4: "", 9: "gone@example.com"}
	if diff := gocmp.Diff(want, maps.Clone(known.keys)); diff != "" {
		t.Errorf("roster (-want +got):\n%s", diff)
	}
}

func TestSurveyOfNobodyStillLooksForWhoIsGone(t *testing.T) {
	t.Parallel()
	c := &cutter{crashIn: -1}
	total, err := workers.Surveyor{Key: whmcs.NormalizeEmail, Spots: spots{}, Roster: roster{}, BatchSize: 250}.Survey(t.Context(), c.run, 0, c.add)
	if err != nil || total != 0 {
		t.Fatalf("total %d, %v", total, err)
	}
	if diff := gocmp.Diff([]state.NewBatch{{Kind: state.BatchSlice, ToID: math.MaxInt64}}, c.batches); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
}
