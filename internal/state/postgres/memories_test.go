package postgres_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/state"
)

const ana, bob, eve = "ana@example.com", "bob@example.com", "eve@example.com"

// keep settles keys without a claim, as a first load does.
func (b *bundle) keep(lease state.Lease, memories ...state.Memory) {
	b.t.Helper()
	var settlements []state.Settlement
	for _, m := range memories {
		settlements = append(settlements, state.Settlement{Memory: m})
	}
	must(b.t, b.Settle(b.ctx, lease, news, settlements))
}

func (b *bundle) memory(key string) state.Memory {
	b.t.Helper()
	found, err := b.MemoriesByKeys(b.ctx, news, []string{key})
	must(b.t, err)
	return found[key]
}

// row is a roster row.
func row(id int64, key string) state.RosterRow { return state.RosterRow{RecordID: id, Key: key} }

func TestRoster(t *testing.T) {
	t.Parallel()
	b := setup(t)
	must(t, b.PutRoster(b.ctx, news, []state.RosterRow{row(1, "x@example.com"), row(3, eve), row(2, ""), row(1, ana), row(4, ana)}, nil))
	must(t, b.PutRoster(b.ctx, "other", []state.RosterRow{row(1, eve)}, nil))
	must(t, b.PutRoster(b.ctx, news, []state.RosterRow{row(3, bob), row(1, ana)}, []int64{4, 99}))
	must(t, b.PutRoster(b.ctx, news, nil, nil))
	all, err := b.Roster(b.ctx, news, 0, 100)
	must(t, err)
	wantSame(t, "all", []state.RosterRow{row(1, ana), row(2, ""), row(3, bob)}, all)
	within, err := b.Roster(b.ctx, news, 1, 2)
	must(t, err)
	wantSame(t, "behind 1 up to 2", []state.RosterRow{row(2, "")}, within)
	byID, err := b.RosterByIDs(b.ctx, news, []int64{3, 1, 4})
	must(t, err)
	wantSame(t, "by id", []state.RosterRow{row(1, ana), row(3, bob)}, byID)
	byKey, err := b.RosterByKeys(b.ctx, news, []string{bob, "", eve})
	must(t, err)
	wantSame(t, "by key", []state.RosterRow{row(3, bob)}, byKey)
}

func TestPutRosterWritesOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rows := []state.RosterRow{row(1, ana), row(2, bob)}
	must(t, b.PutRoster(b.ctx, news, rows, nil))
	written := func() int64 { return b.number(`SELECT sum(xmin::text::bigint)::bigint FROM roster`) }
	before := written()
	must(t, b.PutRoster(b.ctx, news, rows, nil))
	wantSame(t, "row versions", before, written())
}

func TestMemoriesComeWithAllThatConcernsTheirRecords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, lease := b.lease()
	must(t, b.PutRoster(b.ctx, news, []state.RosterRow{row(1, ana), row(2, bob), row(3, ""), row(11, ana), row(12, eve), row(13, ana)}, nil))
	full := state.Memory{
		Key: ana, RecordID: 11, RemoteID: 70, RemoteKey: "Ana@Example.com", Groups: []int64{1, 3}, Fingerprint: []byte{1},
		Echo: []byte{2}, Suppressed: "bounced", Refused: []byte{3}, Version: 1,
	}
	left := state.Memory{Key: "former@example.com", RecordID: 2, Groups: []int64{}, Version: 1}
	far := state.Memory{Key: eve, RecordID: 12, Version: 1}
	fresh := func(m state.Memory) state.Memory { m.Version = 0; return m }
	b.keep(lease, fresh(full), fresh(left), fresh(far))
	must(t, b.FinishBatch(b.ctx, lease, nil, []state.Failure{{RecordID: 3, Class: "refused"}, {RecordID: 12, Class: "refused"}}))

	byRange, err := b.RecordsByRange(b.ctx, news, 0, 10)
	must(t, err)
	if len(byRange.Failures) != 1 || byRange.Failures[0].RecordID != 3 {
		t.Errorf("failures %+v", byRange.Failures)
	}
	byRange.Failures = nil
	wantSame(t, "by range", state.RecordSet{
		Roster:   []state.RosterRow{row(1, ana), row(2, bob), row(3, "")},
		Memories: map[string]state.Memory{ana: full, left.Key: left},
		Shared:   []state.RosterRow{row(11, ana), row(13, ana)},
	}, byRange)
	forIDs, err := b.RecordsByIDs(b.ctx, news, []int64{1, 11})
	must(t, err)
	wantSame(t, "for ids", state.RecordSet{
		Roster:   []state.RosterRow{row(1, ana), row(11, ana)},
		Memories: map[string]state.Memory{ana: full},
		Shared:   []state.RosterRow{row(13, ana)},
	}, forIDs)
	none, err := b.RecordsByIDs(b.ctx, news, nil)
	must(t, err)
	wantSame(t, "for none", state.RecordSet{}, none)
	if diff := cmp.Diff([]any{[]int64(nil), []int64{}}, []any{byRangeGroups(b, eve), byRangeGroups(b, left.Key)}); diff != "" {
		t.Errorf("no groups and none known are not the same: %s", diff)
	}
}

func byRangeGroups(b *bundle, key string) []int64 { return b.memory(key).Groups }

func TestClaim(t *testing.T) {
	t.Parallel()
	claimOf := func(version int64, emails ...string) (claims []state.Claim) {
		for _, email := range emails {
			claims = append(claims, state.Claim{Key: email, RecordID: 1, Version: version, Changes: []state.Change{
				{Key: email, Field: "name", RecordID: 1, State: state.ChangePlanned}, {Key: email, Field: "groups", RecordID: 1, State: state.ChangePlanned},
			}})
		}
		return claims
	}
	try := func(b *bundle, lease state.Lease, claims []state.Claim) []state.Claimed {
		claimed, err := b.Claim(b.ctx, lease, news, claims)
		must(b.t, err)
		return claimed
	}
	two := func(b *bundle) (state.Lease, state.Lease) {
		batches := b.slice(b.pass(), 2, 250)
		return b.begin(batches[0]), b.begin(batches[1])
	}
	t.Run("is granted in the order asked, with its changes", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, lease := b.lease()
		claimed := try(b, lease, claimOf(0, eve, ana, eve))
		for i, want := range []bool{true, true, false} {
			if claimed[i].OK != want || len(claimed[i].ChangeIDs) != 2*int(b2i(want)) || claimed[i].Version != b2i(want) {
				t.Errorf("claim %d: %+v", i, claimed[i])
			}
		}
		for i, key := range []string{eve, ana} {
			changes, err := b.Changes(b.ctx, state.ChangeFilter{IDs: claimed[i].ChangeIDs})
			must(t, err)
			wantSame(t, "fields", []string{key, "groups", key, "name"}, []string{changes[0].Key, changes[0].Field, changes[1].Key, changes[1].Field})
			wantSame(t, "ids", claimed[i].ChangeIDs, []int64{changes[1].ID, changes[0].ID})
		}
	})
	t.Run("keeps others out while the lease lives", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		mine, other := two(b)
		first := try(b, mine, claimOf(0, ana))
		if again := try(b, other, claimOf(first[0].Version, ana)); again[0].OK {
			t.Error("another worker got it")
		}
		if fresh := try(b, other, claimOf(0, ana)); fresh[0].OK {
			t.Error("another worker made it anew")
		}
		if own := try(b, mine, claimOf(first[0].Version, ana)); !own[0].OK {
			t.Error("one's own claim is in the way")
		}
		wantSame(t, "changes recorded", int64(4), b.number(`SELECT count(*) FROM changes`))
	})
	for name, end := range map[string]func(*bundle, state.Lease){
		"its lease lapsed": func(b *bundle, _ state.Lease) {
			b.exec(`UPDATE batches SET lease_until = now() - interval '1 second' WHERE seq = 1`)
		},
		"its batch was finished": func(b *bundle, l state.Lease) { b.finish(l) },
		"its batch was handed back": func(b *bundle, l state.Lease) {
			must(b.t, b.HandBack(b.ctx, l, state.HandBack{To: state.BatchReady}))
		},
	} {
		t.Run("ends when "+name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			mine, other := two(b)
			first := try(b, mine, claimOf(0, ana))
			end(b, mine)
			again := try(b, other, claimOf(first[0].Version, ana))
			if !again[0].OK || again[0].Version != 2 {
				t.Errorf("again %+v", again)
			}
			old, err := b.Changes(b.ctx, state.ChangeFilter{IDs: first[0].ChangeIDs})
			must(t, err)
			wantSame(t, "what the first one left behind", state.ChangeSuperseded, old[0].State)
		})
	}
	t.Run("of a version that has moved on, or of nobody, is not granted", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, lease := b.lease()
		b.keep(lease, state.Memory{Key: ana, RecordID: 1})
		claimed := try(b, lease, append(claimOf(2, ana), claimOf(1, bob)...))
		wantSame(t, "claims", []state.Claimed{{}, {}}, claimed)
		wantSame(t, "changes recorded", int64(0), b.number(`SELECT count(*) FROM changes`))
	})
	t.Run("two workers in opposite order get each person once", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		batches := b.slice(b.pass(), 2, 250)
		var emails, reversed []string
		for i := range 200 {
			emails = append(emails, fmt.Sprintf("p%d@example.com", i))
		}
		for i := range emails {
			reversed = append(reversed, emails[len(emails)-1-i])
		}
		orders := make(chan []string, 2)
		orders <- emails
		orders <- reversed
		leases := make(chan state.Lease, 2)
		leases <- b.begin(batches[0])
		leases <- b.begin(batches[1])
		granted := make(chan int, 2)
		race(t, 2, nil, func() error {
			claimed, err := b.Claim(b.ctx, <-leases, news, claimOf(0, <-orders...))
			n := 0
			for _, c := range claimed {
				n += int(b2i(c.OK))
			}
			granted <- n
			return err
		})
		wantSame(t, "granted in all", 200, <-granted+<-granted)
	})
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func TestSettle(t *testing.T) {
	t.Parallel()
	t.Run("keeps the memory, ends the claim and settles the changes", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		run, lease := b.lease()
		claimed, err := b.Claim(b.ctx, lease, news, []state.Claim{{Key: ana, RecordID: 1, Changes: []state.Change{
			{Key: ana, Field: "name", Old: "a", New: "b\x00", State: state.ChangePlanned, Side: state.SideAccount, Reason: "differs", Wish: []byte{9}},
		}}})
		must(t, err)
		want := state.Memory{Key: ana, RecordID: 1, RemoteID: 5, Groups: []int64{2}, Fingerprint: []byte{7}, Version: claimed[0].Version}
		must(t, b.Settle(b.ctx, lease, news, []state.Settlement{{Memory: want, ChangeIDs: claimed[0].ChangeIDs, State: state.ChangeApplied}}))
		want.Version++
		got := b.memory(ana)
		wantSame(t, "memory", want, got)
		if got.SettledAt.IsZero() {
			t.Error("no moment of the newest write")
		}
		changes, err := b.Changes(b.ctx, state.ChangeFilter{RunID: run.ID, State: state.ChangeApplied})
		must(t, err)
		wantSame(t, "changes", []state.Change{{
			ID: changes[0].ID, Sync: news, RunID: run.ID, BatchID: lease.BatchID, Key: ana, Field: "name", Old: "a", New: "b", Side: state.SideAccount,
			State: state.ChangeApplied, Reason: "differs", Wish: []byte{9}, CreatedAt: changes[0].CreatedAt, SettledAt: changes[0].SettledAt,
		}}, changes)
		if changes[0].SettledAt.IsZero() {
			t.Error("no moment of settlement")
		}
		wantSame(t, "claims", int64(0), b.number(`SELECT count(*) FROM memories WHERE claim_token <> ''`))
	})
	t.Run("forgets a key", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, lease := b.lease()
		b.keep(lease, state.Memory{Key: ana}, state.Memory{Key: bob})
		must(t, b.Settle(b.ctx, lease, news, []state.Settlement{{Memory: state.Memory{Key: ana, Version: 1}, Forget: true}}))
		wantSame(t, "forgotten", state.Memory{}, b.memory(ana))
		wantSame(t, "left", bob, b.memory(bob).Key)
	})
	t.Run("one that has moved on is left alone and looked at again, the others are settled", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, lease := b.lease()
		b.keep(lease, state.Memory{Key: ana, RecordID: 1}, state.Memory{Key: bob, RecordID: 2}, state.Memory{Key: eve, RecordID: 3})
		claimed, err := b.Claim(b.ctx, lease, news, []state.Claim{{Key: ana, RecordID: 1, Version: 1, Changes: []state.Change{{Key: ana, State: state.ChangePlanned}}}})
		must(t, err)
		must(t, b.Settle(b.ctx, lease, news, []state.Settlement{
			{Memory: state.Memory{Key: ana, RecordID: 1, Version: 1, RemoteID: 8}, ChangeIDs: claimed[0].ChangeIDs, State: state.ChangeApplied},
			{Memory: state.Memory{Key: bob, RecordID: 2, Version: 1, RemoteID: 8}},
			{Memory: state.Memory{Key: eve, RecordID: 3, Version: 4}, Forget: true},
			{Memory: state.Memory{Key: "new@example.com", RecordID: 4, Version: 3}},
		}))
		wantSame(t, "ana", int64(0), b.memory(ana).RemoteID)
		wantSame(t, "bob", int64(8), b.memory(bob).RemoteID)
		wantSame(t, "eve", eve, b.memory(eve).Key)
		batch, run, _, err := b.ClaimTouches(b.ctx, news, 10, worker, minute, 5, false)
		must(t, err)
		wantSame(t, "looked at again", []int64{1, 3, 4}, batch.IDs)
		wantSame(t, "trigger", state.ByPoll, run.Trigger)
		wantSame(t, "ana's change", int64(1), b.number(`SELECT count(*) FROM changes WHERE state = 'applied'`))
	})
	t.Run("failures come and go, also without a memory", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		_, lease := b.lease()
		fail := state.Settlement{Failures: []state.Failure{{RecordID: 1, Class: "rejected"}, {RecordID: 2, Class: "rejected"}}}
		must(t, b.Settle(b.ctx, lease, news, []state.Settlement{fail}))
		must(t, b.Settle(b.ctx, lease, news, []state.Settlement{{Resolved: []int64{1}}}))
		failures, err := b.Failures(b.ctx, state.FailureFilter{Sync: news})
		must(t, err)
		if len(failures) != 1 || failures[0].RecordID != 2 {
			t.Errorf("failures %+v", failures)
		}
		must(t, b.Settle(b.ctx, lease, news, nil))
	})
}

func TestRetry(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, lease := b.lease()
	b.keep(lease, state.Memory{Key: ana, RecordID: 1, Refused: []byte{1}}, state.Memory{Key: bob, RecordID: 2, Refused: []byte{2}})
	must(t, b.FinishBatch(b.ctx, lease, nil, []state.Failure{
		{RecordID: 1, Key: ana, Class: "rejected"}, {RecordID: 2, Key: bob, Class: "refused"}, {RecordID: 3, Key: eve, Class: "rejected"},
	}))
	ids, err := b.Retry(b.ctx, news, state.FailureFilter{Class: "rejected"})
	must(t, err)
	wantSame(t, "records", []int64{1, 3}, ids)
	wantSame(t, "ana", state.Memory{Key: ana, RecordID: 1, Version: 2}, b.memory(ana))
	wantSame(t, "bob", []byte{2}, b.memory(bob).Refused)
	batch, _, _, err := b.ClaimTouches(b.ctx, news, 10, worker, minute, 5, false)
	must(t, err)
	wantSame(t, "touched", []int64{1, 3}, batch.IDs)
	none, err := b.Retry(b.ctx, "other", state.FailureFilter{})
	must(t, err)
	wantSame(t, "of another sync", 0, len(none))
}

func TestMemoriesWithAFieldAreThoseOfRecordsInTheSync(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, lease := b.lease()
	memo := func(id int64, key, text string) state.Memory {
		return state.Memory{Key: key, RecordID: id, Memo: []byte(text)}
	}
	b.keep(lease, memo(3, eve, `{"pending":"2026-11-01T00:00:00Z"}`), memo(1, ana, `{"pending":"2026-11-02T00:00:00Z","waits":"x"}`),
		memo(2, bob, `{"waits":"pending"}`), memo(5, "left@example.com", `{"pending":"x"}`), memo(6, "renamed@example.com", `{"pending":"x"}`),
		state.Memory{Key: "none@example.com", RecordID: 7})
	must(t, b.PutRoster(b.ctx, news, []state.RosterRow{row(1, ana), row(2, bob), row(3, eve), row(6, "other@example.com"), row(7, "none@example.com")}, nil))
	found, err := b.MemoriesWith(b.ctx, news, "pending")
	must(t, err)
	var keys []string
	for _, m := range found {
		keys = append(keys, m.Key)
	}
	wantSame(t, "with the field", []string{ana, eve}, keys)
}
