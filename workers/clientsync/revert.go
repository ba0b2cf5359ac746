package clientsync

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers"
)

// revert undoes applied changes where that is safe: where the other side still holds what we wrote, and where nobody is
// subscribed again by it. What was undone is not done again until the client changes.
func (w *Worker) revert(ctx context.Context, job workers.Job) (state.Counts, []state.Failure, error) {
	person := func(c state.Change) string { return c.Key }
	return workers.Revert(ctx, w.Store, job, person, func(ctx context.Context, changes []state.Change, counts state.Counts) (workers.Undone, error) {
		counts[state.CountCalls]++
		entry, err := w.List.Find(ctx, changes[0].Key)
		if workers.Final(err) {
			var undone workers.Undone
			undone.Refuse(err.Error(), changes...)
			return undone, nil
		}
		if err != nil && !fault.Is(err, fault.NotFound) {
			return workers.Undone{}, err
		}
		undo := undoing{entry: entry, found: err == nil, to: maillist.Subscriber{Email: entry.Email, Status: entry.Status, Groups: entry.Groups}}
		for _, change := range changes {
			undo.add(change)
		}
		if err := w.undo(ctx, &undo, counts); err != nil {
			return workers.Undone{}, err
		}
		undo.Last, err = w.last(ctx, job, changes[0].Key, undo.Undone)
		return undo.Undone, err
	})
}

// last is what a person was settled as after the reverted changes: it would bring them back just the same. That somebody is
// not wanted is never refused by this.
func (w *Worker) last(ctx context.Context, job workers.Job, email string, u workers.Undone) ([]byte, error) {
	if !slices.ContainsFunc(u.Done, func(c state.Change) bool { return c.Side == state.SideAccount }) {
		return nil, nil
	}
	known, err := w.Store.MemoriesByKeys(ctx, job.Batch.Sync, []string{email})
	if err != nil || w.Policy.unwanted(known[email].Fingerprint) {
		return nil, err
	}
	return known[email].Fingerprint, nil
}

// undo writes what the reverted changes of one person come to. What either side does not take is refused.
func (w *Worker) undo(ctx context.Context, u *undoing, counts state.Counts) error {
	for _, change := range slices.Clone(u.Done) {
		if change.Side != state.SideSource {
			continue
		}
		this := func(c state.Change) bool { return c.ID == change.ID }
		undone, err := w.undoOptOut(ctx, change)
		switch {
		case workers.Final(err):
			u.takeBack(err.Error(), this)
		case err != nil:
			return err
		case !undone:
			u.takeBack("somebody has changed the client's consent since", this)
		}
	}
	if !u.write {
		return nil
	}
	counts[state.CountCalls]++
	_, err := w.List.Upsert(ctx, u.to)
	if workers.Final(err) {
		u.takeBack(err.Error(), func(c state.Change) bool { return c.Side == state.SideAccount })
		return nil
	}
	return err
}

// undoOptOut gives a client the consent back that a change took. False: somebody has changed it since.
func (w *Worker) undoOptOut(ctx context.Context, change state.Change) (bool, error) {
	before, err := whmcs.ParseMailFlags(change.Old)
	if err != nil {
		return false, fault.New(fault.Refused, "", "revert the opt-out", "%w", err)
	}
	return w.Clients.UndoOptOut(ctx, change.RecordID, before)
}

// undoing collects what one person's reverted changes come to.
type undoing struct {
	workers.Undone
	entry maillist.Entry
	found bool
	to    maillist.Subscriber
	write bool // to differs from what the list holds
}

// add takes one change in, or refuses it with the reason.
func (u *undoing) add(c state.Change) {
	if why := u.objection(c); why != "" {
		u.Refuse(why, c)
		return
	}
	u.Done = append(u.Done, c)
	if c.Side == state.SideSource {
		return
	}
	u.write = true
	if id, custom := strings.CutPrefix(c.Field, customPrefix); custom {
		u.to.Fields = mergeFields(u.entry.Fields, mergeFields(u.to.Fields, map[string]string{id: c.Old}))
	} else if c.Field == subscriberField || c.Field == groupsField {
		u.to.Groups, u.to.ReplaceGroups = subtract(u.to.Groups, gave(c)), true
	} else {
		u.to.Attributes = mergeFields(u.to.Attributes, map[string]string{c.Field: c.Old})
	}
}

// gave are the groups that a person got by a change.
func gave(c state.Change) []maillist.GroupID {
	text := c.New
	if at := strings.LastIndex(text, groupsWord); c.Field == subscriberField && at >= 0 {
		text = text[at+len(groupsWord):]
	}
	return subtract(parseGroups(text), parseGroups(c.Old))
}

// objection says why a change cannot be undone safely, "" when it can.
func (u *undoing) objection(c state.Change) string {
	switch {
	case c.Side == state.SideSource && u.found && u.entry.Suppression == maillist.NotSuppressed:
		return ""
	case c.Side == state.SideSource:
		return "the person is still opted out on the list"
	case !u.found:
		return "the person is no longer on the list"
	case u.entry.Suppression != maillist.NotSuppressed:
		return "the person is " + string(u.entry.Suppression) + " on the list and is not written to"
	case detached(c):
		return "a person who was taken out is only subscribed again by their own consent"
	case c.Field == subscriberField || c.Field == groupsField:
		return u.groupsObjection(c)
	case c.Old == "":
		return "it was empty before, and fields are never emptied"
	case u.holds(c.Field) != c.New:
		return "the list holds something else by now"
	default:
		return ""
	}
}

func (u *undoing) groupsObjection(c state.Change) string {
	gave := gave(c)
	switch {
	case !u.entry.GroupsKnown:
		return "the list does not say which groups the person is in"
	case len(gave) == 0:
		return "a person who was taken out of a group is only put back by the rules"
	case len(intersect(gave, u.entry.Groups)) != len(gave):
		return "the list holds other groups by now"
	default:
		return ""
	}
}

func (u *undoing) holds(field string) string {
	if id, custom := strings.CutPrefix(field, customPrefix); custom {
		return u.entry.Fields[id]
	}
	return u.entry.Attributes[field]
}

// takeBack refuses what was to be undone, where it is one of those.
func (u *undoing) takeBack(why string, those func(state.Change) bool) {
	for _, change := range u.Done {
		if those(change) {
			u.Refuse(why, change)
		}
	}
	u.Done = slices.DeleteFunc(u.Done, those)
}

func parseGroups(text string) []maillist.GroupID {
	var ids []maillist.GroupID
	for part := range strings.SplitSeq(text, ", ") {
		if id, err := strconv.ParseInt(part, 10, 64); err == nil {
			ids = append(ids, maillist.GroupID(id))
		}
	}
	return ids
}
