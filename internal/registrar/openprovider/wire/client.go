package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// Sender sends one request. *httpx.Client is one.
type Sender interface {
	Do(ctx context.Context, r httpx.Request) (httpx.Response, error)
}

// Client makes Openprovider's calls. Account is for errors.
type Client struct {
	Account string
	HTTP    Sender
}

// Query selects domains. Zero members are left out.
type Query struct {
	Op, Call string // see httpx.Request
	FullName string
	Status   string
	Queue    string // queue_status: transferOut, ...
	Deleted  bool   // names that have left the live list
	SortByID bool
	Limit    int
	Offset   int
}

func (q Query) values() url.Values {
	v := url.Values{"limit": {strconv.Itoa(q.Limit)}}
	for name, value := range map[string]string{"full_name": q.FullName, "status": q.Status, "queue_status": q.Queue} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.Deleted {
		v.Set("is_deleted", "true")
	}
	if q.SortByID {
		v.Set("order_by.id", "asc")
	}
	if q.Offset > 0 {
		v.Set("offset", strconv.Itoa(q.Offset))
	}
	return v
}

// List reads one page of domains. fault.NotFound is answered to questions about one name only.
func (c Client) List(ctx context.Context, q Query) (Listing, error) {
	var page *Listing
	_, err := c.ask(ctx, httpx.Request{Op: q.Op, Call: q.Call, Path: "/domains", Query: q.values()}, &page)
	if q.FullName == "" {
		err = instead(err, fault.Protocol)
	}
	if err != nil {
		return Listing{}, err
	}
	if page == nil {
		return Listing{}, fault.New(fault.Protocol, c.Account, q.Op, "an answer without data")
	}
	return *page, nil
}

// instead gives "not found" another class, where that is not an answer.
func instead(err error, class fault.Class) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Class != fault.NotFound {
		return err
	}
	return &fault.Error{Class: class, Account: e.Account, Op: e.Op, Err: e.Err}
}

// Change changes settings of one domain. What there was to remark upon is returned. A domain that the account does not
// hold is fault.Rejected.
func (c Client) Change(ctx context.Context, op, id string, change Change) ([]Warning, error) {
	warnings, err := c.ask(ctx, httpx.Request{
		Op: op, Call: "change_domain", Method: http.MethodPut, Path: "/domains/" + url.PathEscape(id), Body: change,
	}, nil)
	return warnings, instead(err, fault.Rejected)
}

// Renew buys years for one domain, with one request that is not repeated. What there was to remark upon is returned. A
// domain that the account does not hold is fault.Rejected.
func (c Client) Renew(ctx context.Context, op, id string, years int) ([]Warning, error) {
	warnings, err := c.ask(ctx, httpx.Request{
		Op: op, Call: "renew_domain", Method: http.MethodPost, Path: "/domains/" + url.PathEscape(id) + "/renew",
		Body: Renewal{Period: years}, Judge: judgeOrder,
	}, nil)
	return warnings, instead(err, fault.Rejected)
}

// RenewsByDefault reads what "default" means for a name's auto-renew.
func (c Client) RenewsByDefault(ctx context.Context) (Flag, error) {
	var s settings
	_, err := c.ask(ctx, httpx.Request{Op: "read settings", Call: "get_settings", Path: "/resellers/settings"}, &s)
	return s.AutoRenew, err
}

// Login makes a token.
func (c Client) Login(ctx context.Context, who Credentials) (string, error) {
	const op = "log in"
	var l login
	_, err := c.ask(ctx, httpx.Request{
		Op: op, Call: "login", Method: http.MethodPost, Path: "/auth/login", Body: who,
	}, &l)
	if err == nil && l.Token == "" {
		err = fault.New(fault.Protocol, c.Account, op, "an answer without a token")
	}
	return l.Token, err
}

// ask sends a request, and reads the envelope's data into data (nil = it does not matter). A PUT alone may find that
// there was nothing to change.
func (c Client) ask(ctx context.Context, r httpx.Request, data any) ([]Warning, error) {
	var e envelope
	r.Out = &e
	switch {
	case r.Judge != nil:
	case r.Method == http.MethodPut:
		r.Judge = judgeWrite
	default:
		r.Judge = judgeRead
	}
	if _, err := c.HTTP.Do(ctx, r); err != nil || data == nil || len(e.Data) == 0 {
		return e.Warnings, err
	}
	if err := json.Unmarshal(e.Data, data); err != nil {
		return nil, fault.New(fault.Protocol, c.Account, r.Op, "%s", readable(err))
	}
	return e.Warnings, nil
}

// readable leaves out of a decoder's complaint what stood in the answer: it may be a secret.
func readable(err error) string {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("an answer we cannot read: %s where %s belongs", e.Value, e.Field)
	}
	return "an answer we cannot read"
}
