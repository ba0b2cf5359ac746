package registrartest

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

// away is the zone in which vendors are tested: late in a day in UTC, it is the next day there.
var away = time.FixedZone("away from UTC", 14*60*60)

// Main is for the TestMain of every package that runs the kit. The machine's zone is far from UTC, so that a day which depends
// upon it shows, and no goroutine may be left at the end.
func Main(m *testing.M) {
	time.Local = away
	goleak.VerifyTestMain(m)
}

// wantMain sees to it that Main is not forgotten.
func wantMain(t *testing.T) {
	t.Helper()
	if time.Local != away {
		t.Fatal("the package has no TestMain that calls registrartest.Main")
	}
}
