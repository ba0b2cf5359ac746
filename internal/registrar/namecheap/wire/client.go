package wire

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// Client sends Namecheap's calls.
type Client struct {
	HTTP *httpx.Client
	Who  Credentials
}

// Credentials go with every call, in its body: a URL would carry the key into logs.
type Credentials struct {
	APIUser  string
	APIKey   string
	UserName string
	ClientIP string // IPv4, on the account's list
}

// List reads one page of the account's domains, by name. Pages count from 1; a page holds 10 to 100.
func (c Client) List(ctx context.Context, page, size int) ([]Domain, Paging, error) {
	op := fmt.Sprintf("list domains (page %d)", page)
	form := paged(page, size, "NAME")
	form.Set("ListType", "ALL")
	a, err := c.do(ctx, op, "list_domains", "domains.getList", form)
	if err != nil {
		return nil, Paging{}, err
	}
	if a.Result.Domains == nil || a.Result.Paging == nil {
		return nil, Paging{}, c.incomplete(op)
	}
	return a.Result.Domains.Rows, *a.Result.Paging, nil
}

// Info looks one domain up. fault.NotFound when the account does not hold it.
func (c Client) Info(ctx context.Context, name string) (Info, error) {
	const op = "look up domain"
	a, err := c.do(ctx, op, "get_domain", "domains.getInfo", url.Values{"DomainName": {name}})
	if err != nil {
		return Info{}, err
	}
	if a.Result.Info == nil {
		return Info{}, c.incomplete(op)
	}
	return *a.Result.Info, nil
}

// Transfers reads one page of transfers in, those of late first: all of names that hold the term, or with "" what is in
// progress.
func (c Client) Transfers(ctx context.Context, search string, page, size int) ([]Transfer, Paging, error) {
	op := fmt.Sprintf("list transfers (page %d)", page)
	form := paged(page, size, "TRANSFERDATE_DESC")
	form.Set("ListType", "INPROGRESS")
	if search != "" {
		form.Set("ListType", "ALL")
		form.Set("SearchTerm", search)
	}
	a, err := c.do(ctx, op, "list_transfers", "domains.transfer.getList", form)
	if err != nil {
		return nil, Paging{}, err
	}
	if a.Result.Transfers == nil || a.Result.Paging == nil {
		return nil, Paging{}, c.incomplete(op)
	}
	return a.Result.Transfers.Rows, *a.Result.Paging, nil
}

// EnablePrivacy switches a subscription on. Letters to the hidden holder go to the address.
func (c Client) EnablePrivacy(ctx context.Context, id, forwardTo string) error {
	const op = "switch ID protection on"
	form := url.Values{"WhoisguardID": {id}, "ForwardedToEmail": {forwardTo}}
	a, err := c.do(ctx, op, "enable_privacy", "whoisguard.enable", form)
	return c.confirmed(op, a.Result.Enabled, err)
}

// DisablePrivacy switches a subscription off.
func (c Client) DisablePrivacy(ctx context.Context, id string) error {
	const op = "switch ID protection off"
	a, err := c.do(ctx, op, "disable_privacy", "whoisguard.disable", url.Values{"WhoisguardID": {id}})
	return c.confirmed(op, a.Result.Disabled, err)
}

func (c Client) confirmed(op string, s *success, err error) error {
	switch {
	case err != nil:
		return err
	case s == nil:
		return c.incomplete(op)
	case !strings.EqualFold(s.Yes, "true"):
		return fault.New(fault.Rejected, c.HTTP.Account, op, "the answer says that it did not succeed")
	}
	return nil
}

func paged(page, size int, order string) url.Values {
	return url.Values{"Page": {strconv.Itoa(page)}, "PageSize": {strconv.Itoa(size)}, "SortBy": {order}}
}

func (c Client) do(ctx context.Context, op, call, command string, form url.Values) (answer, error) {
	form.Set("ApiUser", c.Who.APIUser)
	form.Set("ApiKey", c.Who.APIKey)
	form.Set("UserName", c.Who.UserName)
	form.Set("ClientIp", c.Who.ClientIP)
	form.Set("Command", "namecheap."+command)
	var a answer
	_, err := c.HTTP.Do(ctx, httpx.Request{
		Op: op, Call: call, Method: http.MethodPost, Body: form, Out: &a, Format: httpx.XML, Judge: judge,
		Accept: []int{http.StatusOK},
	})
	return a, err
}

func (c Client) incomplete(op string) error {
	return fault.New(fault.Protocol, c.HTTP.Account, op, "the answer lacks the part that was asked for")
}
