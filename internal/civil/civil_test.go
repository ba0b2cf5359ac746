package civil_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/whmcsync/whmcsync/internal/civil"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]civil.Date{
		"2027-03-04": {2027, time.March, 4}, "2027-03-04 23:59:59": {2027, time.March, 4}, "2027-03-04T23:59:59Z": {2027, time.March, 4},
		"2028-02-29": {2028, time.February, 29}, "": {}, "0000-00-00": {}, "0000-00-00 00:00:00": {},
	} {
		got, err := civil.Parse(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"2027-02-29", "2026-02-30", "-0001-11-30", "04/03/2027", "2027-3-4", "n/a", "0", "2027-03-04x"} {
		if got, err := civil.Parse(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestADateIsTheDayThatItsZoneShows(t *testing.T) {
	t.Parallel()
	late := time.Date(2027, 3, 4, 23, 30, 0, 0, time.UTC)
	for zone, want := range map[*time.Location]string{time.UTC: "2027-03-04", time.FixedZone("east", 3600): "2027-03-05"} {
		if got := civil.Of(late.In(zone)).String(); got != want {
			t.Errorf("%s: %s, want %s", zone, got, want)
		}
	}
}

func TestNoDate(t *testing.T) {
	t.Parallel()
	var none civil.Date
	if !none.IsZero() || none.String() != "" || none.AddDays(30) != none {
		t.Errorf("no date is %q and a month later %q", none, none.AddDays(30))
	}
}

func TestDaysAreAddedAndCounted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from := civil.Of(time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(t, "from"), 0).UTC())
		n := rapid.IntRange(-20_000, 20_000).Draw(t, "days")
		to := from.AddDays(n)
		if to.DaysSince(from) != n || to.After(from) != (n > 0) || to.Before(from) != (n < 0) {
			t.Fatalf("%s and %d days is %s, which is %d days later", from, n, to, to.DaysSince(from))
		}
	})
}

func TestJSON(t *testing.T) {
	t.Parallel()
	type row struct{ From, To civil.Date }
	want := row{From: civil.Must("2027-12-31")}
	raw, err := json.Marshal(want)
	if err != nil || string(raw) != `{"From":"2027-12-31","To":""}` {
		t.Fatalf("%s, %v", raw, err)
	}
	var got row
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
