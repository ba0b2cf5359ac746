package wire

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/whmcsync/whmcsync/internal/httpx"
)

const (
	domainFields  = "domainName,expiryDate,status,autoRenew,privacyProtect"
	processFields = "id,identifier,type,action,status,createdDate,updatedDate"
)

// Client makes the API's calls. HTTP carries the key.
type Client struct{ HTTP *httpx.Client }

func (c Client) ask(ctx context.Context, a about, r httpx.Request) (status int, err error) {
	r.Judge = a.judge
	res, err := c.HTTP.Do(ctx, r)
	return res.Status, err
}

// Export lists all domains in one answer.
func (c Client) Export(ctx context.Context) (all Domains, err error) {
	_, err = c.ask(ctx, account, httpx.Request{
		Op: "list domains", Call: "export_domains", Path: "/domains",
		Query: url.Values{"export": {"true"}, "fields": {domainFields}}, Out: &all,
	})
	return all, err
}

// Page lists domains by name, from an offset on.
func (c Client) Page(ctx context.Context, offset, limit int) (page Domains, err error) {
	_, err = c.ask(ctx, account, httpx.Request{
		Op: fmt.Sprintf("list domains (from row %d)", offset+1), Call: "list_domains", Path: "/domains",
		Query: url.Values{
			"fields": {domainFields}, "order": {"domainName"}, "limit": {strconv.Itoa(limit)}, "offset": {strconv.Itoa(offset)},
		},
		Out: &page,
	})
	return page, err
}

// Domain looks one domain up. fault.NotFound when the account does not hold it.
func (c Client) Domain(ctx context.Context, domain string) (d Domain, err error) {
	_, err = c.ask(ctx, name, httpx.Request{
		Op: "look up " + domain, Call: "get_domain", Path: "/domains/" + url.PathEscape(domain),
		Query: url.Values{"fields": {domainFields}}, Out: &d,
	})
	return d, err
}

// Extension reads a registry's rules. It has no dot in front. fault.NotFound when there is none of that name.
func (c Client) Extension(ctx context.Context, tld string) (e Extension, err error) {
	_, err = c.ask(ctx, extension, httpx.Request{
		Op: "read the rules of ." + tld, Call: "get_extension", Path: "/tlds/" + url.PathEscape(tld) + "/info", Out: &e,
	})
	return e, err
}

// Transfer reads the latest transfer of a name. fault.NotFound when there was none.
func (c Client) Transfer(ctx context.Context, domain string) (t Transfer, err error) {
	_, err = c.ask(ctx, name, httpx.Request{
		Op: "look up the transfer of " + domain, Call: "get_transfer", Path: "/domains/" + url.PathEscape(domain) + "/transfer", Out: &t,
	})
	return t, err
}

// Completed lists what was done with one name, the newest first.
func (c Client) Completed(ctx context.Context, domain string, limit int) (page Processes, err error) {
	_, err = c.ask(ctx, account, httpx.Request{
		Op: "look for what became of " + domain, Call: "list_processes", Path: "/processes",
		Query: url.Values{
			"identifier": {domain}, "status": {"COMPLETED"}, "order": {"-createdDate"}, "limit": {strconv.Itoa(limit)}, "fields": {processFields},
		},
		Out: &page,
	})
	return page, err
}

// Change is what is to be changed of a domain. nil leaves it as it is.
type Change struct {
	AutoRenew *bool `json:"autoRenew,omitempty"`
	Privacy   *bool `json:"privacyProtect,omitempty"`
}

// Update changes a domain. later says that the server will carry it out as the process of that number, which may be "".
func (c Client) Update(ctx context.Context, op, domain string, to Change) (later bool, process string, err error) {
	var done struct {
		ProcessID Text `json:"processId"`
	}
	status, err := c.ask(ctx, change, httpx.Request{
		Op: op, Call: "update_domain", Method: http.MethodPost, Path: "/domains/" + url.PathEscape(domain) + "/update", Body: to, Out: &done,
	})
	return status == http.StatusAccepted, string(done.ProcessID), err
}
