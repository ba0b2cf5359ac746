package clientsync_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/clientsync"
)

// entry is Ana as the policy of most tests wants her, beside group 50 that is not ours.
func entry(change ...func(*maillist.Entry)) *maillist.Entry {
	e := &maillist.Entry{
		ID: 7, Email: "ana@example.com", Status: maillist.Active, GroupsKnown: true, Groups: []maillist.GroupID{1, 50},
		Attributes: maillist.Attributes{"name": "Ana Ruiz", "locale": "es"},
	}
	for _, f := range change {
		f(e)
	}
	return e
}

func suppressed(s maillist.Suppression) func(*maillist.Entry) {
	return func(e *maillist.Entry) { e.Suppression = s }
}

func inGroups(ids ...maillist.GroupID) func(*maillist.Entry) {
	return func(e *maillist.Entry) { e.Groups = ids }
}

func called(name string) func(*maillist.Entry) {
	return func(e *maillist.Entry) { e.Attributes = maillist.Attributes{"name": name, "locale": "es"} }
}

func groupsUnknown(e *maillist.Entry) { e.Groups, e.GroupsKnown = nil, false }

func fresh(e *maillist.Entry) clientsync.Evidence {
	return clientsync.Evidence{Known: true, Fresh: true, Entry: e}
}

func aged(e *maillist.Entry) clientsync.Evidence {
	return clientsync.Evidence{Known: true, Entry: e}
}

// settled is what is remembered after Ana was settled as wished.
func settled(wish clientsync.Wish, change ...func(*state.Memory)) state.Memory {
	s := state.Memory{Key: wish.Email, RecordID: wish.Lead, RemoteID: 7, Fingerprint: wish.Fingerprint, Version: 2}
	for _, id := range wish.Groups {
		s.Groups = append(s.Groups, int64(id))
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

// decision is the part of a Decision that the table compares.
type decision struct {
	Act        clientsync.Act
	Skip       string
	Suppressed maillist.Suppression
	Upsert     maillist.Subscriber
	Leave      []maillist.GroupID
	Changes    []string
}

func short(d clientsync.Decision) decision {
	s := decision{Act: d.Act, Skip: d.Skip, Suppressed: d.Suppressed, Leave: d.Leave}
	if d.Act == clientsync.Create || d.Act == clientsync.Update {
		s.Upsert = d.Upsert
	}
	for _, c := range d.Changes {
		s.Changes = append(s.Changes, c.Field+": "+c.Old+" -> "+c.New)
	}
	return s
}

type decideCase struct {
	policy clientsync.Policy
	person clientsync.Person
	known  func(clientsync.Wish) state.Memory // nil = nothing remembered
	ev     clientsync.Evidence
	want   decision
}

func decideAll(t *testing.T, cases map[string]decideCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wish := tc.policy.Wish(tc.person)
			var known state.Memory
			if tc.known != nil {
				known = tc.known(wish)
			}
			if diff := cmp.Diff(tc.want, short(tc.policy.Decide(wish, known, tc.ev))); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

func asWished(change ...func(*state.Memory)) func(clientsync.Wish) state.Memory {
	return func(w clientsync.Wish) state.Memory { return settled(w, change...) }
}

func otherWish(s *state.Memory)   { s.Fingerprint = []byte("another") }
func neverOnList(s *state.Memory) { s.RemoteID = 0 }

func gave(ids ...int64) func(*state.Memory) { return func(s *state.Memory) { s.Groups = ids } }

func TestDecideFromMemory(t *testing.T) {
	t.Parallel()
	p, ana, left := policy(), person(client(1)), person(client(1, withoutConsent))
	decideAll(t, map[string]decideCase{
		"nobody knows a wanted person: look":                  {p, ana, nil, clientsync.Evidence{}, decision{Act: clientsync.Look}},
		"the same wish as last time costs nothing":            {p, ana, asWished(), clientsync.Evidence{}, decision{Act: clientsync.Nothing}},
		"another wish than last time: look":                   {p, ana, asWished(otherWish), clientsync.Evidence{}, decision{Act: clientsync.Look}},
		"an unwanted person whom we never gave a group":       {p, left, nil, clientsync.Evidence{}, decision{Act: clientsync.Nothing, Skip: "no_consent"}},
		"an unwanted person in groups of ours: look":          {p, left, asWished(otherWish, gave(1)), clientsync.Evidence{}, decision{Act: clientsync.Look}},
		"a suppressed person is not asked for, whatever else": {p, ana, asWished(otherWish, func(s *state.Memory) { s.Suppressed = "bounced" }), clientsync.Evidence{}, decision{Act: clientsync.Nothing, Skip: "bounced", Suppressed: maillist.Bounced}},
		"a wish that was refused is not tried again":          {p, ana, asWished(otherWish, func(s *state.Memory) { s.Refused = p.Wish(ana).Fingerprint }), clientsync.Evidence{}, decision{Act: clientsync.Nothing, Skip: "refused"}},
		"a refusal of another wish is over":                   {p, ana, asWished(otherWish, func(s *state.Memory) { s.Refused = []byte("older") }), clientsync.Evidence{}, decision{Act: clientsync.Look}},
	})
}

func TestDecideAboutAWantedPerson(t *testing.T) {
	t.Parallel()
	p, ana := policy(), person(client(1))
	replace := policy(func(p *clientsync.Policy) { p.ReplaceGroups = true })
	create := maillist.Subscriber{Email: "ana@example.com", Status: maillist.Active, Attributes: maillist.Attributes{"name": "Ana Ruiz", "locale": "es"}, Fields: map[string]string{}, Groups: []maillist.GroupID{1}}
	update := func(groups ...maillist.GroupID) maillist.Subscriber {
		s := create
		s.Fields = nil
		if len(groups) > 0 {
			s.Groups, s.ReplaceGroups = groups, true
		}
		return s
	}
	unconfirmed := update()
	unconfirmed.Status = maillist.Inactive
	decideAll(t, map[string]decideCase{
		"not on the list: create":                              {p, ana, nil, fresh(nil), decision{Act: clientsync.Create, Upsert: create, Changes: []string{"subscriber:  -> Ana Ruiz, groups 1"}}},
		"left under another address, as is remembered":         {p, ana, asWished(neverOnList, func(s *state.Memory) { s.Suppressed = "unsubscribed" }), fresh(nil), decision{Act: clientsync.Nothing, Skip: "unsubscribed", Suppressed: maillist.Unsubscribed}},
		"a bounce that is remembered does not last":            {p, ana, asWished(neverOnList, func(s *state.Memory) { s.Suppressed = "bounced" }), fresh(nil), decision{Act: clientsync.Create, Upsert: create, Changes: []string{"subscriber:  -> Ana Ruiz, groups 1"}}},
		"not on an aged listing: look":                         {p, ana, nil, aged(nil), decision{Act: clientsync.Look}},
		"not on a listing with gaps: look":                     {p, ana, asWished(), clientsync.Evidence{Known: true, Fresh: true, Gaps: true}, decision{Act: clientsync.Look}},
		"no longer on the list: deleted there, and stays so":   {p, ana, asWished(otherWish), fresh(nil), decision{Act: clientsync.Adopt, Skip: "deleted", Suppressed: maillist.Deleted}},
		"known to be deleted: nothing":                         {p, ana, asWished(func(s *state.Memory) { s.Suppressed = "deleted" }), aged(nil), decision{Act: clientsync.Nothing, Skip: "deleted", Suppressed: maillist.Deleted}},
		"said to be deleted when we wrote: nothing":            {p, ana, asWished(neverOnList, func(s *state.Memory) { s.Suppressed = "deleted" }), fresh(nil), decision{Act: clientsync.Nothing, Skip: "deleted", Suppressed: maillist.Deleted}},
		"detached once and then deleted: stays deleted":        {p, ana, asWished(otherWish, gave()), fresh(nil), decision{Act: clientsync.Adopt, Skip: "deleted", Suppressed: maillist.Deleted}},
		"there as wished and remembered: nothing":              {p, ana, asWished(), fresh(entry()), decision{Act: clientsync.Nothing}},
		"there as wished by chance: adopt":                     {p, ana, nil, aged(entry()), decision{Act: clientsync.Adopt}},
		"back on the list after a deletion: adopt":             {p, ana, asWished(func(s *state.Memory) { s.Suppressed = "deleted" }), fresh(entry()), decision{Act: clientsync.Adopt}},
		"in a group too few: update, other groups stay":        {p, ana, nil, fresh(entry(inGroups(50))), decision{Act: clientsync.Update, Upsert: update(), Changes: []string{"groups: 50 -> 1, 50"}}},
		"the same upon aged evidence: look":                    {p, ana, nil, aged(entry(inGroups(50))), decision{Act: clientsync.Look}},
		"in a group that a rule of ours gave: taken away":      {p, ana, asWished(otherWish, gave(1, 3)), fresh(entry(inGroups(1, 3, 50))), decision{Act: clientsync.Update, Upsert: update(1, 50), Changes: []string{"groups: 1, 3, 50 -> 1, 50"}}},
		"in group 3 by somebody else: it stays":                {p, ana, asWished(), fresh(entry(inGroups(1, 3, 50))), decision{Act: clientsync.Nothing}},
		"replace_groups takes all other groups away":           {replace, ana, asWished(), fresh(entry()), decision{Act: clientsync.Update, Upsert: update(1), Changes: []string{"groups: 1, 50 -> 1"}}},
		"another name on the list: ours leads":                 {p, ana, asWished(), fresh(entry(called("Anna"))), decision{Act: clientsync.Update, Upsert: update(), Changes: []string{"name: Anna -> Ana Ruiz"}}},
		"the list keeps our name in its own form: nothing":     {p, ana, asWished(func(s *state.Memory) { s.Echo = p.Echo(*entry(called("ANA RUIZ"))) }), fresh(entry(called("ANA RUIZ"))), decision{Act: clientsync.Nothing}},
		"its own form does not hide a missing group":           {p, ana, asWished(func(s *state.Memory) { s.Echo = p.Echo(*entry(called("ANA RUIZ"))) }), fresh(entry(inGroups(50), called("ANA RUIZ"))), decision{Act: clientsync.Update, Upsert: update(), Changes: []string{"groups: 50 -> 1, 50", "name: ANA RUIZ -> Ana Ruiz"}}},
		"a person who is not confirmed is not confirmed by us": {p, ana, nil, fresh(entry(inGroups(), func(e *maillist.Entry) { e.Status = maillist.Inactive })), decision{Act: clientsync.Update, Upsert: unconfirmed, Changes: []string{"groups:  -> 1"}}},
		"the list does not say which groups: look":             {p, ana, nil, fresh(entry(groupsUnknown)), decision{Act: clientsync.Look}},
		"unsubscribed: never written to":                       {p, ana, asWished(), fresh(entry(inGroups(), suppressed(maillist.Unsubscribed))), decision{Act: clientsync.Adopt, Skip: "unsubscribed", Suppressed: maillist.Unsubscribed}},
		"unsubscribed before we knew the person: adopt":        {p, ana, nil, fresh(entry(suppressed(maillist.Complained))), decision{Act: clientsync.Adopt, Skip: "complained", Suppressed: maillist.Complained}},
		"known to be banned: nothing":                          {p, ana, asWished(gave(), func(s *state.Memory) { s.Suppressed = "banned" }), fresh(entry(suppressed(maillist.Banned))), decision{Act: clientsync.Nothing, Skip: "banned", Suppressed: maillist.Banned}},
	})
}

func TestDecideAboutAnUnwantedPerson(t *testing.T) {
	t.Parallel()
	p, left := policy(), person(client(1, withoutConsent))
	gone := clientsync.Person{Email: "ana@example.com", LastID: 1, Left: clientsync.Gone}
	detach := decision{Act: clientsync.Detach, Skip: "no_consent", Leave: []maillist.GroupID{1}, Changes: []string{"groups: 1, 50 -> 50"}}
	decideAll(t, map[string]decideCase{
		"in our groups: detach, and foreign groups stay":   {p, left, nil, fresh(entry()), detach},
		"the same upon aged evidence: look":                {p, left, nil, aged(entry()), decision{Act: clientsync.Look, Skip: "no_consent"}},
		"in a group that no rule of ours gives any more":   {p, left, asWished(otherWish, gave(9)), fresh(entry(inGroups(9, 50))), decision{Act: clientsync.Detach, Skip: "no_consent", Leave: []maillist.GroupID{9}, Changes: []string{"groups: 9, 50 -> 50"}}},
		"in foreign groups only, and never ours: nothing":  {p, left, nil, fresh(entry(inGroups(50))), decision{Act: clientsync.Nothing, Skip: "no_consent"}},
		"taken out by somebody else: remember that":        {p, left, asWished(otherWish, gave(1)), fresh(entry(inGroups(50))), decision{Act: clientsync.Adopt, Skip: "no_consent"}},
		"not on the list: nothing":                         {p, left, nil, fresh(nil), decision{Act: clientsync.Nothing, Skip: "no_consent"}},
		"deleted from the list: remember that":             {p, left, asWished(otherWish, gave(1)), fresh(nil), decision{Act: clientsync.Adopt, Skip: "no_consent"}},
		"settled as unwanted before: nothing":              {p, left, asWished(), fresh(entry(inGroups(50))), decision{Act: clientsync.Nothing, Skip: "no_consent"}},
		"unsubscribed and in our groups: never written to": {p, left, asWished(otherWish, gave(1)), fresh(entry(suppressed(maillist.Unsubscribed))), decision{Act: clientsync.Adopt, Skip: "no_consent", Suppressed: maillist.Unsubscribed}},
		"the list does not say which groups: look":         {p, left, nil, fresh(entry(groupsUnknown)), decision{Act: clientsync.Look, Skip: "no_consent"}},
		"a client who is gone is detached":                 {p, gone, asWished(otherWish, gave(1)), fresh(entry()), decision{Act: clientsync.Detach, Skip: "deleted", Leave: []maillist.GroupID{1}, Changes: []string{"groups: 1, 50 -> 50"}}},
		"a client who is gone and was detached: forget":    {p, gone, asWished(otherWish, gave()), fresh(entry(inGroups(50))), decision{Act: clientsync.Adopt, Skip: "deleted"}},
	})
}

func TestDecideToTellWHMCS(t *testing.T) {
	t.Parallel()
	back := policy(func(p *clientsync.Policy) { p.WriteBack, p.Consent = true, whmcs.ConsentAll })
	out := func(c *whmcs.Client) { c.OptOut, c.OptIn = true, false }
	change := "marketing_consent: emailoptout=0 marketing_emails_opt_in=1 -> emailoptout=1 marketing_emails_opt_in=0"
	want := decision{Act: clientsync.OptOut, Skip: "unsubscribed", Suppressed: maillist.Unsubscribed, Changes: []string{change}}
	two := want
	two.Changes = []string{change, change}
	decideAll(t, map[string]decideCase{
		"who unsubscribed is opted out in WHMCS":            {back, person(client(1)), asWished(), fresh(entry(suppressed(maillist.Unsubscribed))), want},
		"every client with the address is":                  {back, person(client(1), client(2)), asWished(), fresh(entry(suppressed(maillist.Unsubscribed))), two},
		"but not one who is opted out already":              {back, person(client(1), client(2, out)), asWished(), fresh(entry(suppressed(maillist.Unsubscribed))), want},
		"once all are there is nothing to tell":             {back, person(client(1, out)), asWished(gave(), func(s *state.Memory) { s.Suppressed = "unsubscribed" }), fresh(entry(suppressed(maillist.Unsubscribed))), decision{Act: clientsync.Nothing, Skip: "unsubscribed", Suppressed: maillist.Unsubscribed}},
		"aged evidence is not written upon":                 {back, person(client(1)), asWished(), aged(entry(suppressed(maillist.Unsubscribed))), decision{Act: clientsync.Look, Skip: "unsubscribed", Suppressed: maillist.Unsubscribed}},
		"an address that bounces is no withdrawn consent":   {back, person(client(1)), asWished(gave()), fresh(entry(suppressed(maillist.Bounced))), decision{Act: clientsync.Adopt, Skip: "bounced", Suppressed: maillist.Bounced}},
		"without write_back the list's opt-out stays there": {policy(), person(client(1)), asWished(gave()), fresh(entry(suppressed(maillist.Unsubscribed))), decision{Act: clientsync.Adopt, Skip: "unsubscribed", Suppressed: maillist.Unsubscribed}},
	})
}

func TestCustomFieldsOfOthersAreKept(t *testing.T) {
	t.Parallel()
	p := policy(func(p *clientsync.Policy) { p.Fields = []clientsync.FieldRule{{Field: "7", Column: "country"}} })
	d := p.Decide(p.Wish(person(client(1))), state.Memory{}, fresh(entry(func(e *maillist.Entry) { e.Fields = map[string]string{"7": "PT", "8": "theirs"} })))
	if diff := cmp.Diff(map[string]string{"7": "ES", "8": "theirs"}, d.Upsert.Fields); d.Act != clientsync.Update || diff != "" {
		t.Errorf("%s, fields (-want +got):\n%s", d.Act, diff)
	}
}

// A custom field that was deleted in WHMCS looks like one that every client has left empty.
func TestAFieldThatWHMCSNoLongerHasStaysOnTheList(t *testing.T) {
	t.Parallel()
	p := policy(func(p *clientsync.Policy) {
		p.Fields = []clientsync.FieldRule{{Field: "7", Column: "country"}, {Field: "9", CustomField: 772}, {Attribute: "city", CustomField: 773}}
	})
	held := fresh(entry(func(e *maillist.Entry) {
		e.Fields, e.Attributes = map[string]string{"7": "PT", "9": "gold"}, maillist.Attributes{"city": "Sines"}
	}))
	d := p.Decide(p.Wish(person(client(1))), state.Memory{}, held)
	if diff := cmp.Diff(map[string]string{"7": "ES", "9": "gold"}, d.Upsert.Fields); d.Act != clientsync.Update || diff != "" {
		t.Errorf("%s, fields (-want +got):\n%s", d.Act, diff)
	}
	if _, sent := d.Upsert.Attributes["city"]; sent || len(d.Changes) != 1 {
		t.Errorf("sent %v, changes %+v", d.Upsert.Attributes, d.Changes)
	}
}

func TestEvidenceSaysUntilWhenItMayBeWrittenUpon(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)
	ev := fresh(nil)
	ev.Until = until
	if d := policy().Decide(policy().Wish(person(client(1))), state.Memory{}, ev); !d.Until.Equal(until) {
		t.Errorf("until %s, want %s", d.Until, until)
	}
}
