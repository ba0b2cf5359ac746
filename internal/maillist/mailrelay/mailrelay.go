package mailrelay

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/wire"
)

// Config is what an Account needs: Account, APIKey, and Host or BaseURL.
type Config struct {
	Account  string
	Host     string // the HOST of https://HOST.ipzmarketing.com
	BaseURL  string // replaces all before a call's own path
	APIKey   string
	Timeout  time.Duration // of one call; default 30s
	PageSize int           // asked for when listing; default 1000
	InFlight int           // calls of this process at once; default 4
	Limiter  httpx.Limiter
	Observer httpx.Observer
}

// Account is one Mailrelay account. It is a maillist.Destination, DeletedLister and Checker.
type Account struct {
	name     string
	pageSize int
	wire     wire.Client
}

var (
	_ maillist.Destination   = (*Account)(nil)
	_ maillist.DeletedLister = (*Account)(nil)
	_ maillist.Checker       = (*Account)(nil)
)

const origin = "whmcsync|whmcsync|1"

var hostPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// New checks the configuration and returns the account. Nothing is sent.
func New(cfg Config) (*Account, error) {
	if cfg.APIKey == "" {
		return nil, errors.New("api_key is missing")
	}
	base, err := baseURL(cfg)
	if err != nil {
		return nil, err
	}
	client, err := httpx.New(httpx.Config{
		Account: cfg.Account, BaseURL: base, Secrets: []string{cfg.APIKey},
		Header:  http.Header{"X-Auth-Token": {cfg.APIKey}, "X-Request-Origin": {origin}},
		Timeout: cfg.Timeout, InFlight: cfg.InFlight, Limiter: cfg.Limiter, Observer: cfg.Observer,
	})
	if err != nil {
		return nil, err
	}
	return &Account{name: cfg.Account, pageSize: cmp.Or(cfg.PageSize, 1000), wire: wire.Client{HTTP: client}}, nil
}

func baseURL(cfg Config) (string, error) {
	if cfg.BaseURL != "" {
		return cfg.BaseURL, nil
	}
	host := strings.ToLower(cfg.Host)
	if !hostPattern.MatchString(host) {
		return "", errors.New("host must be the first part of HOST.ipzmarketing.com (letters, digits, hyphens)")
	}
	return "https://" + host + ".ipzmarketing.com/api/v1", nil
}

// Close gives idle connections back.
func (a *Account) Close() { a.wire.HTTP.Close() }

// Find looks one person up under each spelling of the address. See maillist.Destination.
func (a *Account) Find(ctx context.Context, email string) (maillist.Entry, error) {
	for _, spelling := range spellings(email) {
		person, found, err := a.lookUp(ctx, wire.Subscribers, spelling)
		if err != nil {
			return maillist.Entry{}, err
		}
		if found {
			return a.withGroups(ctx, person)
		}
	}
	return maillist.Entry{}, &fault.Error{Class: fault.NotFound, Account: a.name, Op: "look up in subscribers"}
}

// lookUp trusts an answer only as far as it holds the address asked for: a server that ignores the filter answers with
// everybody.
func (a *Account) lookUp(ctx context.Context, collection, email string) (wire.Subscriber, bool, error) {
	query := wire.Query{Collection: collection, Page: 1, PerPage: 30, Email: email}
	people, _, err := a.wire.List(ctx, query)
	if err != nil || len(people) == 0 {
		return wire.Subscriber{}, false, err
	}
	if i := bestMatch(people, email); i >= 0 {
		return people[i], true, nil
	}
	return wire.Subscriber{}, false, fault.New(fault.Protocol, a.name, "look up by address", "the answer holds other addresses only")
}

func bestMatch(people []wire.Subscriber, email string) int {
	exact := slices.IndexFunc(people, func(p wire.Subscriber) bool { return string(p.Email) == email })
	if exact >= 0 {
		return exact
	}
	return slices.IndexFunc(people, func(p wire.Subscriber) bool { return sameAddress(string(p.Email), email) })
}

func (a *Account) withGroups(ctx context.Context, person wire.Subscriber) (maillist.Entry, error) {
	if person.Groups.Known {
		return entry(person), nil
	}
	single, err := a.wire.Subscriber(ctx, int64(person.ID))
	return entry(single), err
}

// Upsert creates or updates by address. See maillist.Destination.
func (a *Account) Upsert(ctx context.Context, s maillist.Subscriber) (maillist.Result, error) {
	const op = "write subscriber"
	if s.Email == "" {
		return maillist.Result{}, fault.New(fault.Refused, a.name, op, "no address")
	}
	person, created, err := a.wire.Sync(ctx, op, syncBody(s))
	if err != nil {
		return maillist.Result{}, a.explain(ctx, err, s.Email)
	}
	return maillist.Result{Created: created, Entry: entry(person)}, nil
}

// Detach sends the groups that stay. A person who left the list since is fault.Rejected with a *maillist.DeletedError; a
// suppressed one is fault.Refused, since nothing is ever written to them. See maillist.Destination.
func (a *Account) Detach(ctx context.Context, e maillist.Entry, groups []maillist.GroupID) (maillist.Entry, error) {
	const op = "detach subscriber"
	e, err := a.groupsOf(ctx, e)
	if err != nil {
		return maillist.Entry{}, err
	}
	staying := without(e.Groups, groups)
	if len(staying) == len(e.Groups) {
		return e, nil
	}
	if e.Suppression != maillist.NotSuppressed {
		return maillist.Entry{}, fault.New(fault.Refused, a.name, op, "the person is %s", e.Suppression)
	}
	body := wire.Sync{Email: e.Email, Status: string(e.Status), GroupIDs: ids(staying), ReplaceGroups: true}
	if _, _, err := a.wire.Sync(ctx, op, body); err != nil {
		return maillist.Entry{}, a.explain(ctx, err, e.Email)
	}
	e.Groups = staying
	return e, nil
}

// groupsOf reads the person anew when the entry does not tell the groups.
func (a *Account) groupsOf(ctx context.Context, e maillist.Entry) (maillist.Entry, error) {
	if e.GroupsKnown {
		return e, nil
	}
	now, err := a.again(ctx, e)
	if fault.Is(err, fault.NotFound) {
		return e, a.deleted("detach subscriber", "no such subscriber any more")
	}
	return now, err
}

func (a *Account) again(ctx context.Context, e maillist.Entry) (maillist.Entry, error) {
	if e.ID == 0 {
		return a.Find(ctx, e.Email)
	}
	person, err := a.wire.Subscriber(ctx, e.ID)
	return entry(person), err
}

// explain finds out whether a 422 means that the person was deleted. When that cannot be found out, the refusal stands
// as it came.
func (a *Account) explain(ctx context.Context, err error, email string) error {
	status, ok := errors.AsType[*httpx.StatusError](err)
	if !ok || status.Status != http.StatusUnprocessableEntity {
		return err
	}
	gone := saysDeleted(status.Text)
	if !gone {
		_, found, lookErr := a.lookUp(ctx, wire.Deleted, email)
		gone = found && lookErr == nil
	}
	if !gone {
		return err
	}
	return a.deleted("write subscriber", status.Error())
}

func (a *Account) deleted(op, text string) error {
	return &fault.Error{Class: fault.Rejected, Account: a.name, Op: op, Err: &maillist.DeletedError{Text: text}}
}

// saysDeleted knows the word in the languages of the account's interface that we have met.
func saysDeleted(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"deleted", "eliminad", "borrad"}, func(word string) bool {
		return strings.Contains(text, word)
	})
}
