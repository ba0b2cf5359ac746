package wire

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// The least and the largest page of a listing.
const (
	MinPage = 10
	MaxPage = 500
)

// Client sends the API's calls. Both credentials travel in the query of each: they belong into the Secrets of HTTP.
type Client struct {
	HTTP        *httpx.Client
	UserID, Key string
}

// send adds the credentials. A query may not outlive the call: errors never hold it.
func (c Client) send(ctx context.Context, r httpx.Request) error {
	query := url.Values{"auth-userid": {c.UserID}, "api-key": {c.Key}}
	maps.Copy(query, r.Query)
	r.Query, r.Judge = query, judge
	_, err := c.HTTP.Do(ctx, r)
	return err
}

// Search selects orders. Zero members are left out.
type Search struct {
	Page, Size  int      // from 1; MinPage to MaxPage
	Name        string   // holds this text
	Statuses    []string // any of these
	ChildOrders bool     // those of sub-resellers as well
}

func (s Search) op() string {
	if s.Name != "" {
		return "search orders by name"
	}
	return fmt.Sprintf("list orders (page %d)", s.Page)
}

func (s Search) values() url.Values {
	v := paged(s.Page, s.Size)
	v.Set("order-by", "orderid desc")
	if s.Name != "" {
		v.Set("domain-name", s.Name)
	}
	if len(s.Statuses) > 0 {
		v["status"] = s.Statuses
	}
	if s.ChildOrders {
		v.Set("show-child-orders", "true")
	}
	return v
}

// mayBeEmpty is false for the begin of the whole account: that it is empty must be said by a list.
func (s Search) mayBeEmpty() bool { return s.Page > 1 || s.Name != "" || len(s.Statuses) > 0 }

// Orders reads one page of orders, the youngest first.
func (c Client) Orders(ctx context.Context, s Search) (Orders, error) {
	var orders Orders
	err := c.send(ctx, httpx.Request{
		Op: s.op(), Call: "search_orders", Path: "/domains/search.json", Query: s.values(), Out: &orders,
	})
	if s.mayBeEmpty() && fault.Is(err, fault.NotFound) { // "no record found"
		return Orders{}, nil
	}
	return orders, err
}

// Details looks an order up by its domain, spelled as the order has it. fault.NotFound when there is none.
func (c Client) Details(ctx context.Context, name string) (Details, error) {
	var details Details
	err := c.send(ctx, httpx.Request{
		Op: "look up " + name, Call: "get_details", Path: "/domains/details-by-name.json",
		Query: url.Values{"domain-name": {name}, "options": {"OrderDetails"}}, Out: &details,
	})
	return details, err
}

// Actions reads one page of what is being done to the orders, or with archived what was done. None is no error.
func (c Client) Actions(ctx context.Context, archived bool, orders []string, page, size int) (Actions, error) {
	which := "current"
	if archived {
		which = "archived"
	}
	query := paged(page, size)
	query["order-id"] = orders
	var actions Actions
	err := c.send(ctx, httpx.Request{
		Op: fmt.Sprintf("list %s actions (page %d)", which, page), Call: "list_" + which + "_actions",
		Path: "/actions/search-" + which + ".json", Query: query, Out: &actions,
	})
	if fault.Is(err, fault.NotFound) {
		return Actions{}, nil
	}
	return actions, err
}

// SetPrivacy switches privacy protection. It buys none.
func (c Client) SetPrivacy(ctx context.Context, order string, on bool) (Done, error) {
	const op = "switch privacy protection"
	var done Done
	err := c.send(ctx, httpx.Request{
		Op: op, Call: "set_privacy", Method: http.MethodPost, Path: "/domains/modify-privacy-protection.json",
		Query: url.Values{"order-id": {order}, "protect-privacy": {strconv.FormatBool(on)}, "reason": {"ordered in the billing system"}},
		Out:   &done,
	})
	if err == nil && strings.EqualFold(string(done.Status), "failed") {
		err = fault.New(fault.Rejected, c.HTTP.Account, op, "%.200s", string(done.StatusDesc))
	}
	return done, err
}

func paged(page, size int) url.Values {
	return url.Values{"page-no": {strconv.Itoa(page)}, "no-of-records": {strconv.Itoa(size)}}
}
