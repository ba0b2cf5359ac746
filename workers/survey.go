package workers

import (
	"context"
	"maps"
	"math"
	"slices"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Spots is what a survey reads.
type Spots interface {
	// Spots reads at most limit records with id > after, by id. Fewer than limit means that there are no more.
	Spots(ctx context.Context, after int64, limit int) ([]whmcs.Spot, error)
}

// Roster is the memory of which record has which key: a client's address, a domain's name.
type Roster interface {
	Roster(ctx context.Context, sync string, from, to int64) ([]state.RosterRow, error)
	PutRoster(ctx context.Context, sync string, put []state.RosterRow, remove []int64) error
}

// SurveyPage is how many records a survey reads at once: few enough that the next page is read while one is worked on.
const SurveyPage = 2_500

// Surveyor cuts a pass into batches. On its way through all ids, in one keyset scan, it brings the roster up to date, so
// that the first batch already knows who shares a key with somebody in the last one.
type Surveyor struct {
	Spots     Spots
	Roster    Roster
	Key       func(raw string) (string, error) // the one form in which what a spot holds is compared
	BatchSize int
	Page      int // spots read at once; default SurveyPage
}

// Survey cuts the records behind run.SliceCursor and returns how many there are from there on. add stores the batches
// cut from the ids behind from, up to to; last says that no more will come. A batch's range ends at its last record, and
// the last one of a pass is open-ended, so that nothing between, before or behind the records is missed: clients that
// are gone are found in the ranges. cut is how many batches the run has already.
func (s Surveyor) Survey(ctx context.Context, run state.Run, cut int, add func(from, to int64, batches []state.NewBatch, last bool) error) (total int64, err error) {
	slicer := slicer{size: s.BatchSize, from: run.SliceCursor, limit: run.BatchLimit, cut: cut}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	after := run.SliceCursor
	for pending := s.read(ctx, after); ; {
		page := <-pending
		if page.err != nil {
			return 0, page.err
		}
		if len(page.spots) == 0 {
			break
		}
		end := page.spots[len(page.spots)-1].ID
		pending = s.read(ctx, end)
		if err := s.enroll(ctx, run.Sync, after, end, page.spots); err != nil {
			return 0, err
		}
		total += int64(len(page.spots))
		from := slicer.from
		if batches := slicer.take(page.spots); len(batches) > 0 {
			if err := add(from, slicer.from, batches, false); err != nil {
				return 0, err
			}
		}
		after = end
	}
	from := slicer.from
	batches := slicer.rest()
	return total, add(from, slicer.from, batches, true)
}

// spotsPage is one page of spots, or why there is none.
type spotsPage struct {
	spots []whmcs.Spot
	err   error
}

// read reads a page while the one before it is still worked on.
func (s Surveyor) read(ctx context.Context, after int64) <-chan spotsPage {
	pending := make(chan spotsPage, 1)
	go func() {
		spots, err := s.Spots.Spots(ctx, after, s.page())
		pending <- spotsPage{spots, err}
	}()
	return pending
}

// enroll writes into the roster what it does not know yet. A key that is not valid is left to its batch, which reports it.
func (s Surveyor) enroll(ctx context.Context, sync string, from, to int64, spots []whmcs.Spot) error {
	rows, err := s.Roster.Roster(ctx, sync, from, to)
	if err != nil {
		return err
	}
	known := make(map[int64]string, len(rows))
	for _, row := range rows {
		known[row.RecordID] = row.Key
	}
	var put []state.RosterRow
	for _, spot := range spots {
		before, listed := known[spot.ID]
		if listed && before == spot.Raw && before != "" {
			continue // what is normalised stays as it is
		}
		key, err := s.Key(spot.Raw)
		if err == nil && (!listed || (before != key && before != "")) {
			put = append(put, state.RosterRow{RecordID: spot.ID, Key: key})
		}
	}
	if len(put) == 0 {
		return nil
	}
	return s.Roster.PutRoster(ctx, sync, put, nil)
}

// CompareRoster finds what the roster does not know yet of the records read (keys by id, "" = none that is valid): new and
// changed keys, and records that are gone.
func CompareRoster(keys map[int64]string, roster []state.RosterRow) (put []state.RosterRow, gone []int64) {
	known := make(map[int64]string, len(roster))
	for _, row := range roster {
		known[row.RecordID] = row.Key
		if _, exists := keys[row.RecordID]; !exists {
			gone = append(gone, row.RecordID)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(keys)) {
		if before, listed := known[id]; !listed || before != keys[id] {
			put = append(put, state.RosterRow{RecordID: id, Key: keys[id]})
		}
	}
	return put, gone
}

func (s Surveyor) page() int {
	if s.Page > 0 {
		return s.Page
	}
	return SurveyPage
}

// slicer cuts ids into ranges of size records.
type slicer struct {
	size  int
	from  int64 // the next batch starts behind this id
	last  int64 // the newest id seen
	count int   // records since from
	limit int   // most batches, 0 = no limit
	cut   int   // batches cut so far
	more  bool  // records were seen behind the limit
}

func (s *slicer) take(spots []whmcs.Spot) []state.NewBatch {
	var batches []state.NewBatch
	for _, spot := range spots {
		if s.full() {
			s.more = true
			return batches
		}
		// A full range is closed only when one more record is seen: the last one of the table stays open-ended.
		if s.count == s.size {
			batches = append(batches, s.close(s.last))
			if s.full() {
				s.more = true
				return batches
			}
		}
		s.count++
		s.last = spot.ID
	}
	return batches
}

// rest is the last, open-ended range; nothing when a limit ends the run before the pass.
func (s *slicer) rest() []state.NewBatch {
	if s.more {
		return nil
	}
	return []state.NewBatch{s.close(math.MaxInt64)}
}

func (s *slicer) full() bool { return s.limit > 0 && s.cut >= s.limit }

func (s *slicer) close(to int64) state.NewBatch {
	batch := state.NewBatch{Kind: state.BatchSlice, FromID: s.from, ToID: to}
	s.from, s.count = to, 0
	s.cut++
	return batch
}
