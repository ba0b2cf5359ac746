package clientsync_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/memory"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/clientsync"
)

var (
	statuses     = []whmcs.ClientStatus{whmcs.ClientActive, whmcs.ClientInactive, whmcs.ClientClosed}
	suppressions = []maillist.Suppression{
		maillist.NotSuppressed, maillist.Complained, maillist.Banned, maillist.Unsubscribed, maillist.Bounced, maillist.Deleted,
	}
)

func anyPolicy() *rapid.Generator[clientsync.Policy] {
	return rapid.Custom(func(t *rapid.T) clientsync.Policy {
		p := policy(func(p *clientsync.Policy) {
			p.Statuses = statuses[:rapid.IntRange(1, 3).Draw(t, "statuses")]
			p.Consent = rapid.SampledFrom([]whmcs.Consent{whmcs.ConsentOptIn, whmcs.ConsentNotOptedOut, whmcs.ConsentAll}).Draw(t, "consent")
			p.ReplaceGroups = rapid.Bool().Draw(t, "replace")
			p.Fields = append(p.Fields, clientsync.FieldRule{Field: "7", Column: "country"})
		})
		p.Groups = append(p.Groups, clientsync.GroupRule{ID: 5, Countries: []string{"PT"}})
		return p
	})
}

func anyClient(id int64) *rapid.Generator[whmcs.Client] {
	return rapid.Custom(func(t *rapid.T) whmcs.Client {
		return client(id, func(c *whmcs.Client) {
			c.Status = rapid.SampledFrom(statuses).Draw(t, "status")
			c.OptIn = rapid.IntRange(0, 4).Draw(t, "opt_in") > 0
			c.OptOut = rapid.IntRange(0, 4).Draw(t, "opt_out") == 0
			c.Columns = map[string]string{
				"full_name": rapid.SampledFrom([]string{"", "Ana", "Bo"}).Draw(t, "name"),
				"language":  rapid.SampledFrom([]string{"", "spanish", "klingon"}).Draw(t, "language"),
				"country":   rapid.SampledFrom([]string{"", "ES", "PT"}).Draw(t, "country"),
			}
			if rapid.Bool().Draw(t, "product") {
				c.Products = []int64{12}
			}
		})
	})
}

func anyPerson() *rapid.Generator[clientsync.Person] {
	return rapid.Custom(func(t *rapid.T) clientsync.Person {
		p := clientsync.Person{Email: "ana@example.com"}
		for id := range int64(rapid.IntRange(0, 3).Draw(t, "clients")) {
			p.Clients = append(p.Clients, anyClient(id+1).Draw(t, "client"))
		}
		if len(p.Clients) == 0 {
			p.LastID, p.Left = 1, rapid.SampledFrom([]clientsync.Reason{clientsync.Moved, clientsync.Gone}).Draw(t, "left")
		}
		return p
	})
}

func anyEntry() *rapid.Generator[*maillist.Entry] {
	return rapid.Custom(func(t *rapid.T) *maillist.Entry {
		if rapid.IntRange(0, 3).Draw(t, "absent") == 0 {
			return nil
		}
		groups := rapid.SliceOfDistinct(rapid.SampledFrom([]maillist.GroupID{1, 3, 5, 50, 60}), rapid.ID[maillist.GroupID]).Draw(t, "groups")
		slices.Sort(groups)
		return entry(inGroups(groups...), func(e *maillist.Entry) {
			e.Attributes = maillist.Attributes{"name": rapid.SampledFrom([]string{"", "Ana", "Anna"}).Draw(t, "held name")}
			e.Status = rapid.SampledFrom([]maillist.Status{maillist.Active, maillist.Inactive}).Draw(t, "confirmed")
			e.Suppression = rapid.SampledFrom(append(suppressions, "", "", "")).Draw(t, "suppression")
			e.GroupsKnown = rapid.IntRange(0, 5).Draw(t, "groups known") > 0
		})
	})
}

func anyMemory(wish clientsync.Wish) *rapid.Generator[state.Memory] {
	return rapid.Custom(func(t *rapid.T) state.Memory {
		if rapid.Bool().Draw(t, "unknown") {
			return state.Memory{}
		}
		return settled(wish, func(s *state.Memory) {
			s.Groups = rapid.SampledFrom([][]int64{nil, {1}, {1, 3}, {3, 60}}).Draw(t, "gave")
			s.RemoteID = rapid.SampledFrom([]int64{0, 7}).Draw(t, "remote")
			s.Suppressed = string(rapid.SampledFrom(append(suppressions, "", "")).Draw(t, "remembered"))
			s.Fingerprint = rapid.SampledFrom([][]byte{wish.Fingerprint, []byte("another")}).Draw(t, "fingerprint")
		})
	})
}

func TestNoPlanDoesWhatItMust(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, who := anyPolicy().Draw(t, "policy"), anyPerson().Draw(t, "person")
		wish := p.Wish(who)
		known := anyMemory(wish).Draw(t, "known")
		seen := anyEntry().Draw(t, "entry")
		ev := clientsync.Evidence{Known: rapid.Bool().Draw(t, "looked"), Fresh: rapid.Bool().Draw(t, "fresh"), Entry: seen}
		if !ev.Known {
			ev.Entry = nil
		}
		d := p.Decide(wish, known, ev)
		if err := harm(p, d, known, ev); err != "" {
			t.Fatalf("%s: %+v", err, d)
		}
	})
}

// harm names what a decision must never do, "" when it does none of it.
func harm(p clientsync.Policy, d clientsync.Decision, known state.Memory, ev clientsync.Evidence) string {
	writes := d.Act == clientsync.Create || d.Act == clientsync.Update || d.Act == clientsync.Detach
	upserts := d.Act == clientsync.Create || d.Act == clientsync.Update
	ours := slices.Concat(p.OurGroups())
	for _, id := range known.Groups {
		ours = append(ours, maillist.GroupID(id))
	}
	var held []maillist.GroupID
	if ev.Entry != nil {
		held = ev.Entry.Groups
	}
	foreign := func(id maillist.GroupID) bool { return !slices.Contains(ours, id) }
	switch {
	case writes && !ev.Fresh:
		return "a write upon evidence that is not fresh"
	case writes && ev.Entry != nil && ev.Entry.Suppression != maillist.NotSuppressed:
		return "a write to a suppressed person"
	case writes && len(d.Changes) == 0:
		return "a write without a change"
	case upserts && d.Wish.Reason != clientsync.Wanted:
		return "an unwanted person is upserted"
	case upserts && d.Upsert.Email == "":
		return "an empty address"
	case d.Act == clientsync.Create && (ev.Entry != nil || known.RemoteID != 0 || known.Suppressed == string(maillist.Deleted)):
		return "somebody is brought back"
	case d.Act == clientsync.Update && d.Upsert.Status != ev.Entry.Status:
		return "the status is changed"
	case upserts && slices.ContainsFunc(d.Upsert.Groups, func(id maillist.GroupID) bool { return foreign(id) && !slices.Contains(held, id) }):
		return "a group that we were not told of"
	case slices.ContainsFunc(d.Leave, foreign):
		return "a foreign group is taken away"
	case d.Act == clientsync.Update && d.Upsert.ReplaceGroups && !p.ReplaceGroups && slices.ContainsFunc(held, func(id maillist.GroupID) bool {
		return foreign(id) && !slices.Contains(d.Upsert.Groups, id)
	}):
		return "a foreign group is lost by an update"
	}
	return ""
}

// carryOut does on the list what was decided, and remembers it as the worker does.
func carryOut(t *rapid.T, list *memory.List, p clientsync.Policy, d clientsync.Decision, known state.Memory) state.Memory {
	ctx := context.Background()
	var seen maillist.Entry
	var err error
	switch d.Act {
	case clientsync.Create, clientsync.Update:
		var result maillist.Result
		result, err = list.Upsert(ctx, d.Upsert)
		seen = result.Entry
	case clientsync.Detach:
		seen, err = list.Detach(ctx, *d.Entry, d.Leave)
	default:
		if d.Entry != nil {
			seen = *d.Entry
		}
	}
	if err != nil {
		t.Fatalf("%s: %v", d.Act, err)
	}
	after := state.Memory{Key: d.Wish.Email, RecordID: d.Wish.Lead, RemoteID: known.RemoteID, Fingerprint: d.Wish.Fingerprint, Suppressed: string(d.Suppressed), Version: known.Version + 1}
	if seen.ID != 0 {
		after.RemoteID, after.Echo = seen.ID, p.Echo(seen)
	}
	if d.Skip == "" {
		for _, id := range d.Wish.Groups {
			after.Groups = append(after.Groups, int64(id))
		}
	}
	return after
}

func TestPlansConverge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := memory.New(memory.Config{Account: "memory"})
		p := anyPolicy().Draw(t, "policy")
		if seed := anyEntry().Draw(t, "entry"); seed != nil {
			list.Seed(*seed)
		}
		var known state.Memory
		for step := range 3 {
			who := anyPerson().Draw(t, fmt.Sprintf("person %d", step))
			for range 3 {
				d := decideLive(p, list, p.Wish(who), known)
				if d.Act == clientsync.Nothing {
					break
				}
				if d.Act == clientsync.Look {
					t.Fatalf("a live look was not enough: %+v", d)
				}
				known = carryOut(t, list, p, d, known)
			}
			if d := decideLive(p, list, p.Wish(who), known); d.Act != clientsync.Nothing {
				t.Fatalf("not settled: %+v, known %+v", d, known)
			}
			if d := p.Decide(p.Wish(who), known, clientsync.Evidence{}); d.Act != clientsync.Nothing {
				t.Fatalf("settled, and yet not from memory alone: %+v, known %+v", d, known)
			}
		}
	})
}

func decideLive(p clientsync.Policy, list *memory.List, wish clientsync.Wish, known state.Memory) clientsync.Decision {
	ev := clientsync.Evidence{Known: true, Fresh: true}
	if e, found := list.Holds(wish.Email); found {
		ev.Entry = &e
	}
	return p.Decide(wish, known, ev)
}

func TestFingerprintsTellWishesApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, q := anyPolicy().Draw(t, "policy"), anyPolicy().Draw(t, "other policy")
		ids := rapid.SliceOfDistinct(rapid.Int64Range(1, 130), rapid.ID[int64])
		p.Groups, q.Groups = rules(ids.Draw(t, "groups")), rules(ids.Draw(t, "other groups"))
		a, b := p.Wish(anyPerson().Draw(t, "person")), q.Wish(anyPerson().Draw(t, "other person"))
		same := a.Reason == b.Reason && p.ReplaceGroups == q.ReplaceGroups && cmp.Equal(a.Groups, b.Groups) &&
			cmp.Equal(a.Attributes, b.Attributes) && cmp.Equal(a.Fields, b.Fields)
		if same != bytes.Equal(a.Fingerprint, b.Fingerprint) {
			t.Fatalf("same wish %v, fingerprints %x and %x", same, a.Fingerprint, b.Fingerprint)
		}
	})
}

func rules(ids []int64) []clientsync.GroupRule {
	rules := make([]clientsync.GroupRule, len(ids))
	for i, id := range ids {
		rules[i].ID = maillist.GroupID(id)
	}
	return rules
}

func TestReplaceGroupsIsPartOfTheWish(t *testing.T) {
	t.Parallel()
	p, q := policy(), policy()
	p.ReplaceGroups, p.Groups, q.Groups = true, rules([]int64{60}), rules([]int64{57, 60})
	if bytes.Equal(p.Wish(person(client(1))).Fingerprint, q.Wish(person(client(1))).Fingerprint) {
		t.Error("groups 60 alone and groups 57 and 60 look alike")
	}
}

func TestEchoKnowsOurFieldsOnly(t *testing.T) {
	t.Parallel()
	p := policy()
	plain := p.Echo(*entry())
	more := p.Echo(*entry(func(e *maillist.Entry) {
		e.Attributes = maillist.Attributes{"name": "Ana Ruiz", "locale": "es", "city": "Soria"}
		e.Fields = map[string]string{"9": "theirs"}
	}))
	if !bytes.Equal(plain, more) || bytes.Equal(plain, p.Echo(*entry(called("Anna")))) {
		t.Error("the echo changes with fields that are not ours, or not with those that are")
	}
}
