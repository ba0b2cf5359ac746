package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// Client sends Mailrelay's calls.
type Client struct{ HTTP *httpx.Client }

// Collections of people.
const (
	Subscribers = "/subscribers"
	Deleted     = "/subscribers/deleted"
)

// Query selects subscribers. Zero members are left out.
type Query struct {
	Collection string // Subscribers or Deleted
	Page       int    // from 1
	PerPage    int
	Email      string // exactly this address
	SortByID   bool
	AfterID    int64 // only ids above this one
}

// PageInfo is what an answer's headers tell; 0 = nothing.
type PageInfo struct {
	Total   int
	PerPage int
}

// List reads one page of people.
func (c Client) List(ctx context.Context, q Query) ([]Subscriber, PageInfo, error) {
	var people []Subscriber
	res, err := c.HTTP.Do(ctx, httpx.Request{
		Op: q.op(), Call: q.call(), Path: q.Collection, Query: q.values(), Out: &people,
	})
	if err == nil && people == nil { // null would look like the end of the list
		err = fault.New(fault.Protocol, c.HTTP.Account, q.op(), "HTTP %d without a list", res.Status)
	}
	info := PageInfo{Total: headerInt(res.Header, "Total"), PerPage: headerInt(res.Header, "Per-Page")}
	return people, info, wrongAddress(err)
}

func (q Query) op() string {
	what := "subscribers"
	if q.Collection == Deleted {
		what = "deleted subscribers"
	}
	if q.Email != "" {
		return "look up in " + what
	}
	return fmt.Sprintf("list %s (page %d)", what, q.Page)
}

func (q Query) call() string {
	switch {
	case q.Collection == Deleted && q.Email != "":
		return "find_deleted"
	case q.Collection == Deleted:
		return "list_deleted"
	case q.Email != "":
		return "find_subscriber"
	default:
		return "list_subscribers"
	}
}

func (q Query) values() url.Values {
	v := url.Values{}
	if q.Page > 0 {
		v.Set("page", strconv.Itoa(q.Page))
	}
	if q.PerPage > 0 {
		v.Set("per_page", strconv.Itoa(q.PerPage))
	}
	if q.Collection == Subscribers {
		v.Set("include_groups", "true")
	}
	if q.Email != "" {
		v.Set("q[email_eq]", q.Email)
	}
	if q.SortByID {
		v.Set("q[s]", "id asc")
	}
	if q.AfterID > 0 {
		v.Set("q[id_gt]", strconv.FormatInt(q.AfterID, 10))
	}
	return v
}

func headerInt(header http.Header, name string) int {
	n, err := strconv.Atoi(header.Get(name))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// wrongAddress keeps "there is no such account here" apart from "there is no such person".
func wrongAddress(err error) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Class != fault.NotFound {
		return err
	}
	return fault.New(fault.Protocol, e.Account, e.Op, "%w (is there such an account? look at host and base_url)", e.Err)
}

// Subscriber reads one person with their groups. fault.NotFound when there is none.
func (c Client) Subscriber(ctx context.Context, id int64) (Subscriber, error) {
	var person Subscriber
	_, err := c.HTTP.Do(ctx, httpx.Request{
		Op: "read subscriber", Call: "get_subscriber", Path: Subscribers + "/" + strconv.FormatInt(id, 10), Out: &person,
	})
	return person, err
}

// Sync creates or updates by address.
func (c Client) Sync(ctx context.Context, op string, body Sync) (person Subscriber, created bool, err error) {
	res, err := c.HTTP.Do(ctx, httpx.Request{
		Op: op, Call: "sync_subscriber", Method: http.MethodPost, Path: Subscribers + "/sync", Body: body, Out: &person,
		Accept: []int{http.StatusOK, http.StatusCreated},
	})
	return person, res.Status == http.StatusCreated, wrongAddress(err)
}

// Ping proves the key.
func (c Client) Ping(ctx context.Context) error {
	_, err := c.HTTP.Do(ctx, httpx.Request{Op: "ping", Call: "ping", Path: "/ping"})
	return wrongAddress(err)
}

// Groups reads one page of the account's groups.
func (c Client) Groups(ctx context.Context, page int) ([]Group, error) {
	var groups []Group
	_, err := c.HTTP.Do(ctx, httpx.Request{
		Op: fmt.Sprintf("list groups (page %d)", page), Call: "list_groups", Path: "/groups", Query: paged(page), Out: &groups,
	})
	return groups, wrongAddress(err)
}

// CustomFields reads one page of the account's custom fields.
func (c Client) CustomFields(ctx context.Context, page int) ([]CustomField, error) {
	var fields []CustomField
	_, err := c.HTTP.Do(ctx, httpx.Request{
		Op: fmt.Sprintf("list custom fields (page %d)", page), Call: "list_custom_fields", Path: "/custom_fields",
		Query: paged(page), Out: &fields,
	})
	return fields, wrongAddress(err)
}

func paged(page int) url.Values {
	return url.Values{"page": {strconv.Itoa(page)}, "per_page": {"1000"}}
}

// Package reads what the account has paid for; zero when this account does not tell.
func (c Client) Package(ctx context.Context) (Package, error) {
	var p Package
	_, err := c.HTTP.Do(ctx, httpx.Request{Op: "read package", Call: "get_package", Path: "/package", Out: &p})
	if fault.Is(err, fault.NotFound) {
		return Package{}, nil
	}
	return p, err
}

// StartBatch hands operations over to be executed in the background.
func (c Client) StartBatch(ctx context.Context, body NewBatch) (Batch, error) {
	var b Batch
	_, err := c.HTTP.Do(ctx, httpx.Request{
		Op: "start batch", Call: "start_batch", Method: http.MethodPost, Path: "/api_batches", Body: body, Out: &b,
	})
	return b, wrongAddress(err)
}

// Batch reads how far a batch has come, with the answers so far.
func (c Client) Batch(ctx context.Context, id int64) (Batch, error) {
	var b Batch
	_, err := c.HTTP.Do(ctx, httpx.Request{
		Op: "read batch", Call: "get_batch", Path: "/api_batches/" + strconv.FormatInt(id, 10),
		Query: url.Values{"include_operations": {"true"}}, Out: &b,
	})
	return b, wrongAddress(err)
}
