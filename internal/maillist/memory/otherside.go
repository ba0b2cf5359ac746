package memory

import "github.com/whmcsync/whmcsync/internal/maillist"

// Seed puts people in, each in place of whoever has the address. It does not count as a write. Suppression Deleted makes
// a deleted person.
func (l *List) Seed(entries ...maillist.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range entries {
		e = copied(e)
		e.GroupsKnown = true
		if old := l.people[canonical(e.Email)]; old != nil {
			e.ID = old.entry.ID
		}
		l.add(e)
	}
}

func (l *List) add(e maillist.Entry) *person {
	if e.ID == 0 {
		e.ID = l.lastID + 1
	}
	l.lastID = max(l.lastID, e.ID)
	p := &person{entry: e}
	l.people[canonical(e.Email)] = p
	return p
}

// Remove deletes people as the account's owner would.
func (l *List) Remove(emails ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, email := range emails {
		if p := l.people[canonical(email)]; p != nil {
			p.entry.Suppression = maillist.Deleted
		}
	}
}

// Holds returns what the list holds of an address, deleted people included.
func (l *List) Holds(email string) (maillist.Entry, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.people[canonical(email)]
	if !ok {
		return maillist.Entry{}, false
	}
	return copied(p.entry), true
}

// Writes counts the writes that an address has had.
func (l *List) Writes(email string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p, ok := l.people[canonical(email)]; ok {
		return p.writes
	}
	return 0
}
