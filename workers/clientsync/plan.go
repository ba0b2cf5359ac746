package clientsync

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Evidence is what is known of a person on the list at this moment.
type Evidence struct {
	Known bool            // false: nobody looked
	Fresh bool            // recent enough to write upon
	Gaps  bool            // who is not there may have been missed
	Until time.Time       // when it stops being fresh; zero = it was looked up live
	Entry *maillist.Entry // nil: looked, and not there
}

// Act is what is to be done about one person.
type Act string

// The acts.
const (
	Nothing Act = "nothing" // it is as it should be and we know it
	Adopt   Act = "adopt"   // it is as it should be; remember that
	Look    Act = "look"    // a live look is needed before anything is decided
	Create  Act = "create"
	Update  Act = "update"
	Detach  Act = "detach"  // destructive
	OptOut  Act = "opt_out" // the person opted out on the list: tell WHMCS. Destructive
)

// Decision is what to do about one person, as a value: it can be printed, stored and compared.
type Decision struct {
	Wish       Wish
	Act        Act
	Skip       string               // why the person is not on the list as wished, for the counts; "" when it is
	Suppressed maillist.Suppression // as seen; stays with the subscriber
	Entry      *maillist.Entry
	Upsert     maillist.Subscriber // with Create and Update
	Leave      []maillist.GroupID  // with Detach
	Changes    []state.Change
	Until      time.Time // a write upon the evidence must come before; zero = at any time
}

// Decide compares a wish with what was settled last and with the evidence. It is pure; ask again with better evidence
// when it says Look.
func (p Policy) Decide(wish Wish, known state.Subscriber, ev Evidence) Decision {
	d := Decision{Wish: wish, Entry: ev.Entry, Until: ev.Until, Suppressed: maillist.Suppression(known.Suppressed)}
	switch {
	case known.Refused != nil && bytes.Equal(known.Refused, wish.Fingerprint):
		d.Act, d.Skip = Nothing, "refused"
	case !ev.Known:
		p.decideBlind(&d, known)
	case wish.Reason != Wanted:
		p.decideUnwanted(&d, known, ev)
	default:
		p.decideWanted(&d, known, ev)
	}
	return d
}

// decideBlind decides from memory alone.
func (p Policy) decideBlind(d *Decision, known state.Subscriber) {
	wanted := d.Wish.Reason == Wanted
	d.Act = Nothing
	switch {
	case !wanted && len(known.Groups) == 0:
		d.Skip = string(d.Wish.Reason)
	case wanted && d.Suppressed != maillist.NotSuppressed:
		d.Skip = string(d.Suppressed)
	case known.Version > 0 && bytes.Equal(known.Fingerprint, d.Wish.Fingerprint):
		d.Skip = string(d.Wish.Reason)
	default:
		d.Act = Look
	}
}

func (p Policy) decideUnwanted(d *Decision, known state.Subscriber, ev Evidence) {
	d.Skip = string(d.Wish.Reason)
	d.Act = adoptIf(known.Version > 0 && (len(known.Groups) > 0 || !bytes.Equal(known.Fingerprint, d.Wish.Fingerprint)))
	if ev.Entry == nil {
		return
	}
	d.Suppressed = ev.Entry.Suppression
	if d.Suppressed != maillist.NotSuppressed {
		return
	}
	if !ev.Entry.GroupsKnown {
		d.Act = Look
		return
	}
	d.Leave = intersect(union(p.OurGroups(), groupIDs(known.Groups)), ev.Entry.Groups)
	if len(d.Leave) == 0 {
		return
	}
	if !ev.Fresh {
		d.Act = Look
		return
	}
	d.Act = Detach
	d.Changes = []state.Change{d.change("groups", groupText(ev.Entry.Groups), groupText(subtract(ev.Entry.Groups, d.Leave)))}
	d.Changes[0].Destructive = true
}

func (p Policy) decideWanted(d *Decision, known state.Subscriber, ev Evidence) {
	if ev.Entry == nil {
		p.decideAbsent(d, known, ev)
		return
	}
	d.Suppressed = ev.Entry.Suppression
	if d.Suppressed != maillist.NotSuppressed {
		d.Skip = string(d.Suppressed)
		d.Act = adoptIf(known.Suppressed != d.Skip || len(known.Groups) > 0)
		if p.WriteBack && (d.Suppressed == maillist.Unsubscribed || d.Suppressed == maillist.Complained) {
			d.optOut()
		}
		return
	}
	if !ev.Entry.GroupsKnown {
		d.Act = Look
		return
	}
	p.compare(d, known)
	if d.Act == Update && !ev.Fresh {
		d.Act, d.Changes = Look, nil
	}
}

// optOut plans that every client of the person gets the opt-out that the list knows of.
func (d *Decision) optOut() {
	d.Act = OptOut
	for i, id := range d.Wish.Members {
		flags := d.Wish.Flags[i]
		change := d.change("marketing_consent", flags.String(), whmcs.OptedOut(flags.HasOptIn).String())
		change.RecordID, change.Side, change.Destructive, change.Reason = id, state.SideSource, true, d.Skip
		d.Changes = append(d.Changes, change)
	}
}

// decideAbsent: a person we once settled and who is not on the list any more was deleted there, and stays deleted.
func (p Policy) decideAbsent(d *Decision, known state.Subscriber, ev Evidence) {
	switch {
	case ev.Gaps:
		d.Act = Look
	case known.RemoteID != 0:
		d.Suppressed = maillist.Deleted
		d.Skip = string(maillist.Deleted)
		d.Act = adoptIf(known.Suppressed != d.Skip)
	case !ev.Fresh:
		d.Act = Look
	default:
		d.Suppressed = maillist.NotSuppressed
		d.Act = Create
		d.Upsert = p.subscriber(d.Wish)
		d.Changes = []state.Change{d.change("subscriber", "", subscriberText(d.Upsert))}
	}
}

// compare finds what differs between the wish and the entry.
func (p Policy) compare(d *Decision, known state.Subscriber) {
	entry := *d.Entry
	remove := intersect(subtract(groupIDs(known.Groups), d.Wish.Groups), entry.Groups)
	if p.ReplaceGroups {
		remove = subtract(entry.Groups, d.Wish.Groups)
	}
	groups := union(subtract(entry.Groups, remove), d.Wish.Groups)
	d.addChange("groups", groupText(entry.Groups), groupText(groups))
	for _, name := range slices.Sorted(maps.Keys(d.Wish.Attributes)) {
		d.addChange(name, entry.Attributes[name], d.Wish.Attributes[name])
	}
	for _, id := range slices.Sorted(maps.Keys(d.Wish.Fields)) {
		d.addChange("custom:"+id, entry.Fields[id], d.Wish.Fields[id])
	}
	same := bytes.Equal(known.Fingerprint, d.Wish.Fingerprint)
	switch {
	case len(d.Changes) == 0:
		d.Act = adoptIf(!same || known.RemoteID != entry.ID || known.Suppressed != "")
	case same && d.Changes[0].Field != "groups" && len(known.Echo) > 0 && bytes.Equal(known.Echo, Echo(entry)):
		// The list keeps our values in its own form; what it answered to our last write is what it holds.
		d.Act, d.Changes = Nothing, nil
	default:
		d.Act = Update
		d.Upsert = p.subscriber(d.Wish)
		d.Upsert.Email, d.Upsert.Status = entry.Email, entry.Status
		d.Upsert.Fields = mergeFields(entry.Fields, d.Wish.Fields)
		if len(remove) > 0 {
			d.Upsert.Groups, d.Upsert.ReplaceGroups = groups, true
		}
	}
}

func (p Policy) subscriber(w Wish) maillist.Subscriber {
	return maillist.Subscriber{
		Email: w.Email, Status: maillist.Active,
		Attributes: w.Attributes, Fields: w.Fields, Groups: w.Groups,
	}
}

// mergeFields keeps the custom fields that are not ours: the list may take the object as a whole.
func mergeFields(held, wished map[string]string) map[string]string {
	if len(wished) == 0 {
		return nil
	}
	merged := maps.Clone(held)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, wished)
	return merged
}

// Echo is a short hash of the fields the list says it holds, to recognise them again.
func Echo(e maillist.Entry) []byte {
	return Policy{}.fingerprint(Wish{Attributes: e.Attributes, Fields: e.Fields})
}

func (d *Decision) change(field, from, to string) state.Change {
	return state.Change{
		RecordID: d.Wish.Lead, Key: d.Wish.Email, Field: field, Old: from, New: to,
		Side: state.SideAccount, State: state.ChangePlanned, Reason: string(d.Wish.Reason), Wish: d.Wish.Fingerprint,
	}
}

func (d *Decision) addChange(field, from, to string) {
	if from != to {
		d.Changes = append(d.Changes, d.change(field, from, to))
	}
}

func adoptIf(adopt bool) Act {
	if adopt {
		return Adopt
	}
	return Nothing
}

// groupText writes sorted group ids as people write them: "1, 3".
func groupText(ids []maillist.GroupID) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = strconv.FormatInt(int64(id), 10)
	}
	return strings.Join(parts, ", ")
}

func subscriberText(s maillist.Subscriber) string {
	text := "groups " + groupText(s.Groups)
	if name := s.Attributes["name"]; name != "" {
		text = name + ", " + text
	}
	return text
}

func groupIDs(ids []int64) []maillist.GroupID {
	groups := make([]maillist.GroupID, len(ids))
	for i, id := range ids {
		groups[i] = maillist.GroupID(id)
	}
	return groups
}

func plainIDs(groups []maillist.GroupID) []int64 {
	ids := make([]int64, len(groups))
	for i, id := range groups {
		ids[i] = int64(id)
	}
	return ids
}

func union(a, b []maillist.GroupID) []maillist.GroupID {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func intersect(a, b []maillist.GroupID) []maillist.GroupID {
	return slices.DeleteFunc(slices.Clone(a), func(id maillist.GroupID) bool { return !slices.Contains(b, id) })
}

func subtract(a, b []maillist.GroupID) []maillist.GroupID {
	return slices.DeleteFunc(slices.Clone(a), func(id maillist.GroupID) bool { return slices.Contains(b, id) })
}
