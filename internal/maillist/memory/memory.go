package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/idna"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
)

// Config shapes a List. All of it is optional.
type Config struct {
	Account  string
	PageSize int // default 1000
	Groups   map[maillist.GroupID]string
	Fields   []string // custom field ids; nil = any
}

// List is a mailing list account. Safe for many goroutines at once.
type List struct {
	cfg Config

	mu     sync.Mutex
	people map[string]*person // by canonical address
	lastID int64
}

type person struct {
	entry  maillist.Entry
	writes int
}

var (
	_ maillist.Destination   = (*List)(nil)
	_ maillist.DeletedLister = (*List)(nil)
	_ maillist.Checker       = (*List)(nil)
)

// New returns a list of nobody.
func New(cfg Config) *List {
	cfg.PageSize = cmp.Or(cfg.PageSize, 1000)
	return &List{cfg: cfg, people: map[string]*person{}}
}

// ListPage pages by id, so nobody is missed or met twice. See maillist.Destination.
func (l *List) ListPage(ctx context.Context, after maillist.Cursor) (maillist.Page, error) {
	return l.page(ctx, after, false)
}

// ListDeletedPage pages through the people who were deleted. See maillist.DeletedLister.
func (l *List) ListDeletedPage(ctx context.Context, after maillist.Cursor) (maillist.Page, error) {
	return l.page(ctx, after, true)
}

func (l *List) page(ctx context.Context, after maillist.Cursor, deleted bool) (maillist.Page, error) {
	const op = "list subscribers"
	id, err := strconv.ParseInt(cmp.Or(string(after), "0"), 10, 64)
	if err != nil {
		return maillist.Page{}, l.fail(fault.Refused, op, "not a cursor of ours")
	}
	if err := l.alive(ctx, op); err != nil {
		return maillist.Page{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.sorted(deleted)
	from, _ := slices.BinarySearchFunc(all, id+1, func(e maillist.Entry, id int64) int { return cmp.Compare(e.ID, id) })
	rest := all[from:]
	page := maillist.Page{Entries: rest[:min(len(rest), l.cfg.PageSize)], Total: len(all)}
	if page.Done = len(rest) <= l.cfg.PageSize; !page.Done {
		page.Next = maillist.Cursor(strconv.FormatInt(page.Entries[l.cfg.PageSize-1].ID, 10))
	}
	return page, nil
}

func (l *List) sorted(deleted bool) []maillist.Entry {
	all := make([]maillist.Entry, 0, len(l.people))
	for _, p := range l.people {
		if (p.entry.Suppression == maillist.Deleted) == deleted {
			all = append(all, copied(p.entry))
		}
	}
	slices.SortFunc(all, func(a, b maillist.Entry) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Find looks one person up. See maillist.Destination.
func (l *List) Find(ctx context.Context, email string) (maillist.Entry, error) {
	const op = "look up in subscribers"
	if err := l.alive(ctx, op); err != nil {
		return maillist.Entry{}, err
	}
	e, ok := l.Holds(email)
	if !ok || e.Suppression == maillist.Deleted {
		return maillist.Entry{}, l.fail(fault.NotFound, op, "")
	}
	return e, nil
}

// Upsert creates or updates. See maillist.Destination.
func (l *List) Upsert(ctx context.Context, s maillist.Subscriber) (maillist.Result, error) {
	const op = "write subscriber"
	if err := l.alive(ctx, op); err != nil {
		return maillist.Result{}, err
	}
	if _, domain, ok := strings.Cut(s.Email, "@"); !ok || !strings.Contains(domain, ".") {
		return maillist.Result{}, l.fail(fault.Rejected, op, "email is invalid")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p, known := l.people[canonical(s.Email)]
	if known && p.entry.Suppression == maillist.Deleted {
		return maillist.Result{}, l.deleted(op)
	}
	if !known {
		p = l.add(maillist.Entry{Email: s.Email, GroupsKnown: true})
	}
	p.write(s)
	return maillist.Result{Created: !known, Entry: copied(p.entry)}, nil
}

// Detach takes groups away. See maillist.Destination; a suppressed person is fault.Refused.
func (l *List) Detach(ctx context.Context, e maillist.Entry, groups []maillist.GroupID) (maillist.Entry, error) {
	const op = "detach subscriber"
	if err := l.alive(ctx, op); err != nil {
		return maillist.Entry{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p, known := l.people[canonical(e.Email)]
	if !known || p.entry.Suppression == maillist.Deleted {
		return maillist.Entry{}, l.deleted(op)
	}
	staying := slices.DeleteFunc(slices.Clone(p.entry.Groups), func(g maillist.GroupID) bool { return slices.Contains(groups, g) })
	if len(staying) == len(p.entry.Groups) {
		return copied(p.entry), nil
	}
	if p.entry.Suppression != maillist.NotSuppressed {
		return maillist.Entry{}, l.fail(fault.Refused, op, "the person is "+string(p.entry.Suppression))
	}
	p.entry.Groups = staying
	p.writes++
	return copied(p.entry), nil
}

// Check knows the groups and fields of Config. See maillist.Checker.
func (l *List) Check(ctx context.Context, groups []maillist.GroupID, fields []string) (maillist.Health, error) {
	if err := l.alive(ctx, "check"); err != nil {
		return maillist.Health{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	health := maillist.Health{Groups: map[maillist.GroupID]string{}, Used: len(l.people)}
	for _, id := range groups {
		if name, ok := l.cfg.Groups[id]; ok {
			health.Groups[id] = name
		} else {
			health.MissingGroups = append(health.MissingGroups, id)
		}
	}
	for _, id := range fields {
		if l.cfg.Fields != nil && !slices.Contains(l.cfg.Fields, id) {
			health.MissingFields = append(health.MissingFields, id)
		}
	}
	return health, nil
}

func (p *person) write(s maillist.Subscriber) {
	p.writes++
	p.entry.Status = s.Status
	if s.ReplaceGroups {
		p.entry.Groups = nil
	}
	p.entry.Groups = slices.Compact(slices.Sorted(slices.Values(slices.Concat(p.entry.Groups, s.Groups))))
	p.entry.Attributes = merged(p.entry.Attributes, s.Attributes)
	if len(s.Fields) > 0 {
		p.entry.Fields = merged(nil, s.Fields)
	}
}

// merged leaves empty values out: absent and empty mean the same.
func merged(old, news map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, old)
	maps.Copy(all, news)
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	if len(all) == 0 {
		return nil
	}
	return all
}

func (l *List) alive(ctx context.Context, op string) error {
	if ctx.Err() == nil {
		return nil
	}
	return &fault.Error{Class: fault.Held, Account: l.cfg.Account, Op: op, Err: ctx.Err()}
}

func (l *List) fail(class fault.Class, op, text string) error {
	if text == "" {
		return &fault.Error{Class: class, Account: l.cfg.Account, Op: op}
	}
	return fault.New(class, l.cfg.Account, op, "%s", text)
}

func (l *List) deleted(op string) error {
	cause := &maillist.DeletedError{Text: "no such subscriber any more"}
	return &fault.Error{Class: fault.Rejected, Account: l.cfg.Account, Op: op, Err: cause}
}

func copied(e maillist.Entry) maillist.Entry {
	e.Attributes, e.Fields = maps.Clone(e.Attributes), maps.Clone(e.Fields)
	e.Groups = append([]maillist.GroupID{}, e.Groups...)
	return e
}

func canonical(email string) string {
	local, domain, _ := strings.Cut(strings.ToLower(strings.TrimSpace(email)), "@")
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		domain = ascii
	}
	return local + "@" + domain
}
