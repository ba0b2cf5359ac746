package cli

import (
	"errors"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// The scheduler starts the run that is due, sees our request a moment later, and refuses it.
func TestARequestThatLosesToTheDueRunFollowsIt(t *testing.T) {
	t.Parallel()
	a, err := app.Open(t.Context(), config.Config{
		Postgres: config.Postgres{URL: config.NewSecret(testkit.Postgres(t)), MaxConns: 4},
		Syncs:    map[string]config.Sync{"newsletter": {Type: "clients"}},
	}, app.Options{Log: zerolog.Nop(), Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	type answer struct {
		run int64
		err error
	}
	answered := make(chan answer, 1)
	go func() {
		run, err := requestedRun(t.Context(), a, state.Request{Sync: "newsletter", Trigger: state.ByHand})
		answered <- answer{run, err}
	}()
	due := refuseForTheDueRun(t, a)
	if got := <-answered; got.run != due || !errors.Is(got.err, state.ErrRunInProgress) {
		t.Errorf("run %d (%v), want %d", got.run, got.err, due)
	}
}

// refuseForTheDueRun does what the scheduler does, once somebody has asked. It returns the run that was due.
func refuseForTheDueRun(t *testing.T, a *app.App) int64 {
	t.Helper()
	var asked []state.Request
	testkit.Eventually(t, time.Minute, func() (bool, string) {
		var err error
		asked, err = a.Store.OpenRequests(t.Context(), "newsletter")
		return err == nil && len(asked) == 1, "nobody has asked"
	})
	due, err := a.Store.CreateRun(t.Context(), state.NewRun{
		Sync: "newsletter", Kind: state.RunPass, State: state.RunListing, Trigger: state.BySchedule, Slot: "now",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Store.RefuseRequest(t.Context(), asked[0].ID, state.ErrRunInProgress.Error()); err != nil {
		t.Fatal(err)
	}
	return due.ID
}
