package workers_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers"
)

// scripted answers for each page by the id that it begins behind.
type scripted map[int64]func(context.Context) ([]whmcs.Spot, error)

func (s scripted) Spots(ctx context.Context, after int64, _ int) ([]whmcs.Spot, error) {
	return s[after](ctx)
}

func pageOf(ids ...int64) func(context.Context) ([]whmcs.Spot, error) {
	page := make([]whmcs.Spot, len(ids))
	for i, id := range ids {
		page[i] = whmcs.Spot{ID: id, Raw: "ana@example.com"}
	}
	return func(context.Context) ([]whmcs.Spot, error) { return page, nil }
}

// stuck is a page that does not come until nobody wants it any more; then it says so.
func stuck(released *bool) func(context.Context) ([]whmcs.Spot, error) {
	return func(ctx context.Context) ([]whmcs.Spot, error) {
		<-ctx.Done()
		*released = true
		return nil, ctx.Err()
	}
}

func surveyorOf(s workers.Spots, records workers.Roster) workers.Surveyor {
	return workers.Surveyor{Key: whmcs.NormalizeEmail, Spots: s, Roster: records, BatchSize: 2}
}

var errPage = errors.New("the connection is lost")

func TestAPageReadAheadThatFailsEndsTheSurveyBehindWhatWasCut(t *testing.T) {
	t.Parallel()
	broken := scripted{
		0: pageOf(1, 2, 3, 4, 5),
		5: func(context.Context) ([]whmcs.Spot, error) { return nil, errPage },
	}
	c := &cutter{crashIn: -1}
	records := roster{keys: map[int64]string{}}
	if _, err := surveyorOf(broken, records).Survey(t.Context(), c.run, 0, c.add); !errors.Is(err, errPage) {
		t.Fatalf("ended with %v", err)
	}
	if c.run.Sliced || c.run.SliceCursor != 4 {
		t.Fatalf("cut to %d, at its end: %v", c.run.SliceCursor, c.run.Sliced)
	}
	mended := scripted{4: pageOf(5, 6), 6: pageOf()}
	if _, err := surveyorOf(mended, records).Survey(t.Context(), c.run, len(c.batches), c.add); err != nil {
		t.Fatal(err)
	}
	var ends []int64
	for _, batch := range c.batches {
		ends = append(ends, batch.FromID)
	}
	if diff := gocmp.Diff([]int64{0, 2, 4}, ends); diff != "" || !c.run.Sliced {
		t.Errorf("batches begin behind (-want +got):\n%s", diff)
	}
}

func TestAPageIsReadWhileTheOneBeforeIsWorkedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := make(chan struct{})
		ahead := scripted{0: pageOf(1, 2, 3), 3: func(context.Context) ([]whmcs.Spot, error) {
			close(asked)
			return nil, nil
		}}
		c := &cutter{crashIn: -1}
		_, err := surveyorOf(ahead, roster{keys: map[int64]string{}}).Survey(t.Context(), c.run, 0, func(from, to int64, batches []state.NewBatch, last bool) error {
			<-asked // or this waits for ever, and the test ends as a deadlock
			return c.add(from, to, batches, last)
		})
		if err != nil || !c.run.Sliced {
			t.Errorf("at its end: %v, %v", c.run.Sliced, err)
		}
	})
}

// unreadable is a roster that cannot be read.
type unreadable struct{ roster }

func (unreadable) Roster(context.Context, string, int64, int64) ([]state.RosterRow, error) {
	return nil, errPage
}

func TestASurveyThatEndsEarlyLeavesNoReaderBehind(t *testing.T) {
	t.Parallel()
	known := roster{keys: map[int64]string{}}
	for name, tc := range map[string]struct {
		records workers.Roster
		crashIn int
		stopped bool
		want    error
	}{
		"when its batches cannot be stored":    {records: known, crashIn: 0, want: errCrash},
		"when the roster cannot be read":       {records: unreadable{known}, crashIn: -1, want: errPage},
		"when it is stopped between the pages": {records: known, crashIn: -1, stopped: true, want: context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				released := false
				c := &cutter{crashIn: tc.crashIn}
				_, err := surveyorOf(scripted{0: pageOf(1, 2, 3), 3: stuck(&released)}, tc.records).Survey(ctx, c.run, 0, func(from, to int64, batches []state.NewBatch, last bool) error {
					if tc.stopped {
						stop()
					}
					return c.add(from, to, batches, last)
				})
				if !errors.Is(err, tc.want) {
					t.Errorf("ended with %v, want %v", err, tc.want)
				}
				synctest.Wait()
				if !released {
					t.Error("a page is still waited for")
				}
			})
		})
	}
}
