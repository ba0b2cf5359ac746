package clientsync_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// together has eight senders at once do what is in the line, and ends when all of it is done.
func (b *bundle) together(line []func() error) {
	b.T.Helper()
	todo := make(chan func() error, len(line))
	for _, do := range line {
		todo <- do
	}
	close(todo)
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for do := range todo {
				if err := do(); err != nil {
					b.T.Error(err)
				}
			}
		})
	}
	senders.Wait()
}

// ready are the batches that wait, each as something to do.
func (b *bundle) ready() (line []func() error) {
	b.T.Helper()
	batches, err := b.Store.TakeReady(b.Ctx, b.Name, 100)
	must(b.T, err)
	for _, batch := range batches {
		line = append(line, func() error { return b.Execute(batch) })
	}
	return line
}

// touches are small runs of whatever was touched, each as something to do.
func (b *bundle) touches(n int) (line []func() error) {
	for range n {
		line = append(line, func() error {
			_, err := b.Exec.Touched(b.Ctx, b.Name, 4, b.Guard, b.Stop)
			return err
		})
	}
	return line
}

func TestEightSendersAtOnceWriteEverybodyOnce(t *testing.T) {
	t.Parallel()
	const people, sharing = 48, 8
	for name, list := range map[string]func(*bundle) maillist.Destination{
		"one by one": func(b *bundle) maillist.Destination { return b.list },
		"as jobs":    func(b *bundle) maillist.Destination { return jobs{b.list} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, append(crowdOf(people), sharers(people, sharing)...)...)
			b.duty.List = list(b)
			run := b.Start(3)
			b.together(b.ready())
			b.WantCounts(b.Finish(run), state.Counts{"records": people + sharing, "created": people, "merged": sharing})
			b.wantOneWriteEach(people)
			b.WantFailures()
		})
		t.Run(name+", while hooks ask for the same people", func(t *testing.T) {
			t.Parallel()
			b := setup(t, crowdOf(people)...)
			b.duty.List = list(b)
			run := b.Start(3)
			_, err := b.Store.Touch(b.Ctx, b.Name, ids(people), state.ByHook)
			must(t, err)
			b.together(alternate(b.ready(), b.touches(people/4)))
			b.together(b.touches(people)) // whom two senders met at, one of them has left for another look
			b.Finish(run)
			b.wantOneWriteEach(people)
			b.WantFailures()
			b.wantNoTouches()
		})
	}
}

// sharers are n clients behind the first people, who have the addresses of the first n of them.
func sharers(people, n int) []whmcs.Client {
	clients := make([]whmcs.Client, n)
	for i := range clients {
		clients[i] = client(int64(people+i+1), addressed(fmt.Sprintf("c%d@example.com", i+1)))
	}
	return clients
}

func ids(n int) []int64 {
	all := make([]int64, n)
	for i := range all {
		all[i] = int64(i + 1)
	}
	return all
}

// alternate takes from both in turn, and then what one has left.
func alternate[T any](a, b []T) (both []T) {
	for len(a) > 0 && len(b) > 0 {
		both = append(both, a[0], b[0])
		a, b = a[1:], b[1:]
	}
	return append(append(both, a...), b...)
}

func (b *bundle) wantNoTouches() {
	b.T.Helper()
	_, pending, err := b.Store.PendingTouches(b.Ctx, b.Name, 0)
	must(b.T, err)
	if pending != 0 {
		b.T.Errorf("%d touches wait", pending)
	}
}
