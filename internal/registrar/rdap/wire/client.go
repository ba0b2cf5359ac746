package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// rdap is JSON under a name of its own, which some servers insist on.
const rdap httpx.Format = "rdap+json"

// Lookup asks a registry's server about one name in punycode. fault.NotFound when it does not know it.
func Lookup(ctx context.Context, server *httpx.Client, name string) (Domain, error) {
	var d Domain
	_, err := server.Do(ctx, httpx.Request{
		Op: "ask the registry", Call: "get_domain", Path: "/domain/" + url.PathEscape(name), Out: &d, Format: rdap,
		Accept: []int{http.StatusOK}, Judge: judge,
	})
	return d, err
}

// judge knows what statuses mean where there is no account.
func judge(status int, body []byte) *httpx.Verdict {
	switch {
	case status == http.StatusNotFound && bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")):
		return &httpx.Verdict{Class: fault.Protocol, Err: errors.New("HTTP 404 with a web page: no RDAP server is there")}
	case status == http.StatusNotFound:
		return &httpx.Verdict{Class: fault.NotFound, Err: errors.New("it is not registered")}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return &httpx.Verdict{Class: fault.Rejected, Err: fmt.Errorf("HTTP %d: this registry does not answer us", status)}
	default:
		return nil
	}
}

// Bootstrap reads the file that says which server to ask, from where the client points to.
func Bootstrap(ctx context.Context, client *httpx.Client) ([]byte, error) {
	var raw json.RawMessage
	_, err := client.Do(ctx, httpx.Request{
		Op: "read the bootstrap file", Call: "bootstrap", Out: &raw, Accept: []int{http.StatusOK}, Judge: noSuchFile,
	})
	return raw, err
}

// noSuchFile keeps a file that is not there apart from a name that is not.
func noSuchFile(status int, _ []byte) *httpx.Verdict {
	if status != http.StatusNotFound {
		return nil
	}
	return &httpx.Verdict{Class: fault.Protocol, Err: errors.New("HTTP 404: there is no such file")}
}
