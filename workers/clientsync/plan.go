package clientsync

import (
	"bytes"
	"cmp"
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
	Update  Act = "update"  // destructive when it takes groups away
	Detach  Act = "detach"  // destructive
	OptOut  Act = "opt_out" // the person opted out on the list: tell WHMCS. Destructive
)

// Fields of changes beside those that the policy maps.
const (
	subscriberField = "subscriber" // the person as a whole: Old is empty
	groupsField     = "groups"
	consentField    = "marketing_consent" // of the client in WHMCS
	customPrefix    = "custom:"           // and the id of a custom field
)

// Decision is what to do about one person, as a value: it can be printed, stored and compared.
type Decision struct {
	Wish       Wish
	Act        Act
	Skip       string               // why the person is not on the list as wished, for the counts; "" when it is
	Suppressed maillist.Suppression // as seen; stays in the memory
	Entry      *maillist.Entry
	Upsert     maillist.Subscriber // with Create and Update
	Leave      []maillist.GroupID  // with Detach
	Changes    []state.Change
	Until      time.Time // a write upon the evidence must come before; zero = at any time
}

// refusedWish is why a person is left as they are whose wish the list or a person refused.
const refusedWish = "refused"

// Decide compares a wish with what was settled last and with the evidence. It is pure; ask again with better evidence
// when it says Look.
func (p Policy) Decide(wish Wish, known state.Memory, ev Evidence) Decision {
	d := Decision{Wish: wish, Entry: ev.Entry, Until: ev.Until, Suppressed: maillist.Suppression(known.Suppressed)}
	switch {
	case state.Refuses(known.Refused, wish.Fingerprint):
		d.Act, d.Skip = Nothing, refusedWish
	case !ev.Known:
		p.decideBlind(&d, known)
	case wish.Reason != Wanted:
		p.decideUnwanted(&d, known, ev)
	default:
		p.decideWanted(&d, known, ev)
	}
	return d
}

// entry is what was seen of the person on the list, the zero Entry when there was nothing to see.
func (d *Decision) entry() maillist.Entry {
	if d.Entry == nil {
		return maillist.Entry{}
	}
	return *d.Entry
}

// destructive says whether the person loses something by it.
func (d *Decision) destructive() bool {
	return slices.ContainsFunc(d.Changes, func(c state.Change) bool { return c.Destructive })
}

// over says that the person is as wished, so that no failure of theirs is open any more.
func (d *Decision) over() bool { return d.Act == Nothing && d.Skip != refusedWish }

// detached says whether a change took the person out of our groups as not wanted, and not only from one group to another.
func detached(c state.Change) bool {
	return c.Destructive && c.Side == state.SideAccount && Reason(c.Reason) != Wanted
}

// shows says whether a change that was planned before, and perhaps written, is there now.
func (d *Decision) shows(c state.Change) bool {
	if c.Side == state.SideSource {
		at := slices.Index(d.Wish.Members, c.RecordID)
		return at >= 0 && at < len(d.Wish.Flags) && d.Wish.Flags[at].String() == c.New
	}
	return d.Suppressed == maillist.NotSuppressed && (d.Act == Nothing || d.Act == Adopt)
}

// decideBlind decides from memory alone.
func (p Policy) decideBlind(d *Decision, known state.Memory) {
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

func (p Policy) decideUnwanted(d *Decision, known state.Memory, ev Evidence) {
	d.Skip = string(d.Wish.Reason)
	d.Act = adoptIf(known.Version > 0 && (len(known.Groups) > 0 || !bytes.Equal(known.Fingerprint, d.Wish.Fingerprint)))
	if ev.Entry == nil {
		return
	}
	d.Suppressed = ev.Entry.Suppression
	leave := intersect(union(p.OurGroups(), groupIDs(known.Groups)), ev.Entry.Groups)
	switch {
	case d.Suppressed != maillist.NotSuppressed:
	case !ev.Entry.GroupsKnown, len(leave) > 0 && !ev.Fresh:
		d.Act = Look
	case len(leave) > 0:
		d.Act, d.Leave = Detach, leave
		d.addChange(groupsField, groupText(ev.Entry.Groups), groupText(subtract(ev.Entry.Groups, leave)))
		d.Changes[0].Destructive = true
	}
}

func (p Policy) decideWanted(d *Decision, known state.Memory, ev Evidence) {
	if ev.Entry == nil {
		p.decideAbsent(d, known, ev)
		return
	}
	d.Suppressed = ev.Entry.Suppression
	switch {
	case d.Suppressed != maillist.NotSuppressed:
		p.decideSuppressed(d, known)
	case !ev.Entry.GroupsKnown:
		d.Act = Look
	default:
		p.compare(d, known)
	}
	if !ev.Fresh && (d.Act == Update || d.Act == OptOut) {
		d.Act, d.Changes = Look, nil
	}
}

// decideSuppressed: a person who must not be written to is remembered, and WHMCS may be told.
func (p Policy) decideSuppressed(d *Decision, known state.Memory) {
	d.Skip = string(d.Suppressed)
	d.Act = adoptIf(known.Suppressed != d.Skip || len(known.Groups) > 0)
	if p.WriteBack && (d.Suppressed == maillist.Unsubscribed || d.Suppressed == maillist.Complained) {
		d.optOut()
	}
}

// optOut plans that every client of the person gets the opt-out that the list knows of, unless it has it already.
func (d *Decision) optOut() {
	for i, id := range d.Wish.Members {
		flags := d.Wish.Flags[i]
		if flags == whmcs.OptedOut(flags.HasOptIn) {
			continue
		}
		change := d.change(consentField, flags.String(), whmcs.OptedOut(flags.HasOptIn).String())
		change.RecordID, change.Side, change.Destructive, change.Reason = id, state.SideSource, true, d.Skip
		d.Act, d.Changes = OptOut, append(d.Changes, change)
	}
}

// decideAbsent: a person we once settled and who is not on the list any more was deleted there, and stays deleted. So
// does one of whom the list said so when we wrote, whether or not it can list its deleted. And who left under another address
// is not brought back under this one.
func (p Policy) decideAbsent(d *Decision, known state.Memory, ev Evidence) {
	switch {
	case ev.Gaps:
		d.Act = Look
	case known.RemoteID != 0 || d.Suppressed == maillist.Deleted:
		d.Suppressed = maillist.Deleted
		d.Skip = string(maillist.Deleted)
		d.Act = adoptIf(known.Suppressed != d.Skip)
	case ownWill(d.Wish.Left), ownWill(d.Suppressed):
		d.Suppressed = cmp.Or(d.Wish.Left, d.Suppressed)
		d.Skip = string(d.Suppressed)
		d.Act = adoptIf(known.Suppressed != d.Skip)
	case !ev.Fresh:
		d.Act = Look
	default:
		d.Suppressed = maillist.NotSuppressed
		d.Act = Create
		d.Upsert = p.subscriber(d.Wish)
		d.Changes = []state.Change{d.change(subscriberField, "", subscriberText(d.Upsert))}
	}
}

// compare finds what differs between the wish and the entry.
func (p Policy) compare(d *Decision, known state.Memory) {
	entry := *d.Entry
	remove := intersect(subtract(groupIDs(known.Groups), d.Wish.Groups), entry.Groups)
	if p.ReplaceGroups {
		remove = subtract(entry.Groups, d.Wish.Groups)
	}
	groups := union(subtract(entry.Groups, remove), d.Wish.Groups)
	d.addChange(groupsField, groupText(entry.Groups), groupText(groups))
	if len(remove) > 0 {
		d.Changes[0].Destructive = true
	}
	for _, name := range slices.Sorted(maps.Keys(d.Wish.Attributes)) {
		d.addChange(name, entry.Attributes[name], d.Wish.Attributes[name])
	}
	for _, id := range slices.Sorted(maps.Keys(d.Wish.Fields)) {
		d.addChange(customPrefix+id, entry.Fields[id], d.Wish.Fields[id])
	}
	same := bytes.Equal(known.Fingerprint, d.Wish.Fingerprint)
	switch {
	case len(d.Changes) == 0:
		d.Act = adoptIf(!same || known.RemoteID != entry.ID || known.Suppressed != "")
	case same && d.Changes[0].Field != groupsField && len(known.Echo) > 0 && bytes.Equal(known.Echo, p.Echo(entry)):
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

// Echo is a short hash of what the list says it holds in the fields that the policy writes, to recognise it again.
// Whatever else the list holds of the person does not count.
func (p Policy) Echo(e maillist.Entry) []byte {
	ours := Wish{Attributes: map[string]string{}, Fields: map[string]string{}}
	for _, rule := range p.Fields {
		if value := e.Attributes[rule.Attribute]; value != "" && rule.Field == "" {
			ours.Attributes[rule.Attribute] = value
		}
		if value := e.Fields[rule.Field]; value != "" && rule.Field != "" {
			ours.Fields[rule.Field] = value
		}
	}
	return Policy{}.fingerprint(ours)
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

const groupsWord = "groups "

func subscriberText(s maillist.Subscriber) string {
	text := groupsWord + groupText(s.Groups)
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
