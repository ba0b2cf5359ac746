package mailrelay_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/whmcsync/whmcsync/internal/httpx/ratelimit"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
)

func TestWorkersTogetherProvokeNoRefusal(t *testing.T) {
	t.Parallel()
	const rate, workers, each = 20, 8, 5
	server := startSim(t, sim.Options{RatePerSecond: rate, Burst: 5})
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = client.Close() })
	var all sync.WaitGroup
	for w := range workers {
		limiter := ratelimit.New(ratelimit.Config{Redis: client, Account: "news", PerSecond: rate, InFlight: 4})
		account := open(t, server, mailrelay.Config{Limiter: limiter})
		all.Go(func() {
			for i := range each {
				email := fmt.Sprintf("p%d-%d@example.test", w, i)
				if _, err := account.Upsert(t.Context(), maillist.Subscriber{Email: email, Status: maillist.Active}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	state := server.Summary()
	if state.Count != workers*each || state.Statuses[429] != 0 || state.PeakInFlight > 4 {
		t.Errorf("%+v", state)
	}
}
