package wire

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// classes are the error numbers whose meaning is known; see classOf for the others.
var classes = map[string]fault.Class{
	"1010101": fault.Auth, "1010102": fault.Auth, "1011102": fault.Auth, "1016103": fault.Auth, "1017101": fault.Auth,
	"1017103": fault.Auth, "1017105": fault.Auth, "1017410": fault.Auth, "1017411": fault.Auth, "1019103": fault.Auth,
	"1011150": fault.Auth, "1017150": fault.Auth, // the address we call from is not on the list
	"2019166": fault.NotFound,  // no such domain
	"2016166": fault.NotFound,  // not in this account
	"4019329": fault.NotFound,  // no such transfer
	"3031510": fault.Transient, // the registry's side
	"3050900": fault.Transient,
	"5050900": fault.Transient,
	"500000":  fault.RateLimited,
}

// judge reads an answer's own verdict: errors come with HTTP 200, "too many calls" at times as HTTP 405, and HTTP 404
// never speaks of a domain.
func judge(status int, body []byte) *httpx.Verdict {
	switch status {
	case http.StatusMethodNotAllowed:
		return &httpx.Verdict{Class: fault.RateLimited, Err: errors.New("HTTP 405, which stands for too many calls here")}
	case http.StatusNotFound:
		return &httpx.Verdict{Class: fault.Protocol, Err: errors.New("HTTP 404: there is no such API (look at base_url)")}
	}
	var said envelope
	if status != http.StatusOK || httpx.DecodeXML(body, &said) != nil {
		return nil
	}
	if len(said.Errors) == 0 && strings.EqualFold(said.Status, "OK") {
		return nil
	}
	if len(said.Errors) == 0 {
		return &httpx.Verdict{Class: fault.Protocol, Err: fmt.Errorf("the answer's status is %q, without an error", said.Status)}
	}
	first := said.Errors[0]
	return &httpx.Verdict{Class: classOf(first.Number), Err: fmt.Errorf("error %s: %s", cmp.Or(first.Number, "without a number"), first.Text)}
}

// classOf takes a number that nobody knows by its family: 3 is the registry's side, 5 is Namecheap's own trouble.
func classOf(number string) fault.Class {
	if class, known := classes[number]; known {
		return class
	}
	if len(number) == 7 && (number[0] == '3' || number[0] == '5') {
		return fault.Transient
	}
	return fault.Rejected
}
