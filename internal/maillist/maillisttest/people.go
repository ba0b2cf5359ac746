package maillisttest

import (
	"errors"
	"testing"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
)

func (k kit) finding(t *testing.T) {
	t.Parallel()
	t.Run("a person is found just as listed", func(t *testing.T) {
		t.Parallel()
		h := k.open(t)
		h.Other.Seed(varied()...)
		all, _ := drain(t, h.List.ListPage, "")
		for _, listed := range all {
			found, err := h.List.Find(t.Context(), listed.Email)
			noError(t, err)
			same(t, listed.Email, listed, found)
		}
	})
	t.Run("an unknown or deleted person is not found", func(t *testing.T) {
		t.Parallel()
		h := k.open(t)
		h.Other.Seed(people(3)...)
		h.Other.Remove(people(1)[0].Email)
		for _, email := range []string{"nobody@example.test", people(1)[0].Email} {
			_, err := h.List.Find(t.Context(), email)
			wantClass(t, err, fault.NotFound)
		}
	})
	t.Run("a plus sign is part of the address", func(t *testing.T) {
		t.Parallel()
		h := k.open(t)
		h.Other.Seed(plain("ana+news@example.test"))
		found, err := h.List.Find(t.Context(), "ana+news@example.test")
		noError(t, err)
		same(t, "address", "ana+news@example.test", found.Email)
		_, err = h.List.Find(t.Context(), "ana news@example.test")
		wantClass(t, err, fault.NotFound)
	})
	t.Run("capitals and both spellings of a domain are the same person", k.spellings)
}

func (k kit) spellings(t *testing.T) {
	t.Parallel()
	const unicode, punycode = "eva@bücher.example.test", "eva@xn--bcher-kva.example.test"
	for _, tc := range []struct{ held, asked string }{
		{unicode, punycode}, {punycode, unicode}, {"Eva@Example.Test", "eva@example.test"},
	} {
		h := k.open(t)
		h.Other.Seed(plain(tc.held))
		found, err := h.List.Find(t.Context(), tc.asked)
		noError(t, err)
		same(t, "address as the list spells it", tc.held, found.Email)
	}
}

func wanted(email string, groups ...maillist.GroupID) maillist.Subscriber {
	return maillist.Subscriber{Email: email, Status: maillist.Active, Groups: groups}
}

func (k kit) upserting(t *testing.T) {
	t.Parallel()
	t.Run("a new person is created with everything", k.creates)
	t.Run("a known person is updated and keeps other groups", k.updates)
	t.Run("groups are replaced only on request", k.replaces)
	t.Run("the same again changes nothing", k.repeats)
	t.Run("a deleted person is never brought back", k.neverRestores)
	t.Run("an address that is none is rejected", func(t *testing.T) {
		t.Parallel()
		_, err := k.open(t).List.Upsert(t.Context(), wanted("nonsense", GroupA))
		wantClass(t, err, fault.Rejected)
	})
}

func (k kit) creates(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	s := wanted("new+one@xn--bcher-kva.example.test", GroupA, GroupB)
	s.Attributes = maillist.Attributes{"name": "Ana 🎉 Niña", "locale": "es"}
	s.Fields = map[string]string{FieldA: "Acme & Sons"}
	result, err := h.List.Upsert(t.Context(), s)
	noError(t, err)
	want := maillist.Entry{
		ID: held(t, h, s.Email).ID, Email: s.Email, Status: s.Status, Attributes: s.Attributes, Fields: s.Fields,
		Groups: s.Groups, GroupsKnown: true,
	}
	same(t, "held", want, held(t, h, s.Email))
	if !result.Created {
		t.Error("not told to be new")
	}
	if result.Entry.ID != 0 {
		same(t, "answer", want, result.Entry)
	}
}

func (k kit) updates(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Seed(plain("ana@example.test", GroupC))
	s := wanted("ana@example.test", GroupA)
	s.Attributes = maillist.Attributes{"name": "Ana"}
	result, err := h.List.Upsert(t.Context(), s)
	noError(t, err)
	if result.Created {
		t.Error("told to be new")
	}
	same(t, "groups", []maillist.GroupID{GroupA, GroupC}, held(t, h, s.Email).Groups)
	same(t, "name", "Ana", held(t, h, s.Email).Attributes["name"])
}

func (k kit) replaces(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Seed(plain("ana@example.test", GroupB, GroupC))
	s := wanted("ana@example.test", GroupA)
	s.ReplaceGroups = true
	_, err := h.List.Upsert(t.Context(), s)
	noError(t, err)
	same(t, "groups", []maillist.GroupID{GroupA}, held(t, h, s.Email).Groups)
}

func (k kit) repeats(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	s := wanted("ana@example.test", GroupA)
	_, err := h.List.Upsert(t.Context(), s)
	noError(t, err)
	before := held(t, h, s.Email)
	again, err := h.List.Upsert(t.Context(), s)
	noError(t, err)
	same(t, "held", before, held(t, h, s.Email))
	if again.Created {
		t.Error("told to be new twice")
	}
}

func (k kit) neverRestores(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Seed(plain("gone@example.test", GroupA))
	h.Other.Remove("gone@example.test")
	_, err := h.List.Upsert(t.Context(), wanted("gone@example.test", GroupA))
	wantDeleted(t, err)
	same(t, "suppression", maillist.Deleted, held(t, h, "gone@example.test").Suppression)
	same(t, "writes", 0, h.Other.Writes("gone@example.test"))
}

func wantDeleted(t *testing.T, err error) {
	t.Helper()
	wantClass(t, err, fault.Rejected)
	if _, ok := errors.AsType[*maillist.DeletedError](err); !ok {
		t.Errorf("the error does not say that the person was deleted: %v", err)
	}
}

func (k kit) detaching(t *testing.T) {
	t.Parallel()
	t.Run("status, fields and other groups stay", k.keepsTheRest)
	t.Run("without any of the groups nothing is written", k.detachesNothing)
	t.Run("groups that an entry does not tell are looked up", k.detachesUnknown)
	t.Run("a suppressed person is not written to", k.sparesSuppressed)
	t.Run("a deleted person stays deleted", func(t *testing.T) {
		t.Parallel()
		h := k.open(t)
		h.Other.Seed(plain("gone@example.test", GroupA))
		e := held(t, h, "gone@example.test")
		h.Other.Remove(e.Email)
		_, err := h.List.Detach(t.Context(), e, []maillist.GroupID{GroupA})
		wantDeleted(t, err)
		same(t, "suppression", maillist.Deleted, held(t, h, e.Email).Suppression)
	})
}

func (k kit) keepsTheRest(t *testing.T) {
	t.Parallel()
	for _, status := range []maillist.Status{maillist.Active, maillist.Inactive} {
		h := k.open(t)
		e := plain("ana@example.test", GroupA, GroupB, GroupC)
		e.Status, e.Fields = status, map[string]string{FieldA: "Acme"}
		e.Attributes = maillist.Attributes{"name": "Ana"}
		h.Other.Seed(e)
		want := held(t, h, e.Email)
		after, err := h.List.Detach(t.Context(), want, []maillist.GroupID{GroupA, GroupC})
		noError(t, err)
		want.Groups = []maillist.GroupID{GroupB}
		same(t, "held", want, held(t, h, e.Email))
		same(t, "returned", want, after)
	}
}

func (k kit) detachesNothing(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Seed(plain("ana@example.test", GroupB))
	e := held(t, h, "ana@example.test")
	after, err := h.List.Detach(t.Context(), e, []maillist.GroupID{GroupA})
	noError(t, err)
	same(t, "returned", e, after)
	same(t, "writes", 0, h.Other.Writes(e.Email))
}

func (k kit) detachesUnknown(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	h.Other.Seed(plain("ana@example.test", GroupA, GroupB))
	e := held(t, h, "ana@example.test")
	e.Groups, e.GroupsKnown = nil, false
	_, err := h.List.Detach(t.Context(), e, []maillist.GroupID{GroupA})
	noError(t, err)
	same(t, "groups", []maillist.GroupID{GroupB}, held(t, h, e.Email).Groups)
}

func (k kit) sparesSuppressed(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	e := plain("left@example.test", GroupA)
	e.Suppression = maillist.Unsubscribed
	h.Other.Seed(e)
	_, err := h.List.Detach(t.Context(), held(t, h, e.Email), []maillist.GroupID{GroupA})
	wantClass(t, err, fault.Refused)
	same(t, "writes", 0, h.Other.Writes(e.Email))
}

func (k kit) deletedPeople(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	lister, ok := h.List.(maillist.DeletedLister)
	if !ok {
		return // the power is optional
	}
	seeded := people(3*pageSize + 2)
	h.Other.Seed(seeded...)
	h.Other.Remove(emails(seeded[:2*pageSize])...)
	all, _ := drain(t, lister.ListDeletedPage, "")
	same(t, "addresses", emails(seeded[:2*pageSize]), emails(all))
	for _, e := range all {
		same(t, e.Email, maillist.Deleted, e.Suppression)
	}
}

func (k kit) checking(t *testing.T) {
	t.Parallel()
	h := k.open(t)
	checker, ok := h.List.(maillist.Checker)
	if !ok {
		return // the power is optional
	}
	health, err := checker.Check(t.Context(), []maillist.GroupID{GroupA, 999}, []string{FieldA, "998"})
	noError(t, err)
	same(t, "missing groups", []maillist.GroupID{999}, health.MissingGroups)
	same(t, "missing fields", []string{"998"}, health.MissingFields)
	if health.Groups[GroupA] == "" {
		t.Error("a group without its name")
	}
}
