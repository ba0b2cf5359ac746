package wire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// pause is how long Openprovider blocks who calls too often, and a fair guess at its maintenance.
const pause = 300 * time.Second

const tokenRefused = 196

// classes are the codes of which we know what to do about them. They come with HTTP 500 as a rule.
var classes = map[Int]fault.Class{
	10: fault.Transient, 17: fault.Transient, 340: fault.Transient, // the registry cannot be reached
	199: fault.Transient, 399: fault.Transient, 502: fault.Transient, 999: fault.Transient, // "unknown error"
	4004: fault.Transient,

	98: fault.NotFound, 99: fault.NotFound,
	320: fault.NotFound, 363: fault.NotFound, 365: fault.NotFound, 500: fault.NotFound, // not in this account

	tokenRefused: fault.Auth,
	10005:        fault.Auth, // the IP address is not allowed, or blocked until somebody unblocks it
	10006:        fault.Auth, // the user has two-factor sign-in
	10009:        fault.Auth,

	197: fault.Rejected, 308: fault.Rejected, 309: fault.Rejected, 17001: fault.Rejected, // a contract is not signed
	310: fault.Rejected, 920: fault.Rejected, // balance
	324: fault.Rejected, 325: fault.Rejected, 19307: fault.Rejected, 376: fault.Rejected,
	327: fault.Rejected, 366: fault.Rejected, 397: fault.Rejected, 515: fault.Rejected, // not in this status
	19003: fault.Rejected, 19006: fault.Rejected, 19007: fault.Rejected, // ID protection
	347: fault.Rejected, 16006: fault.Rejected, 871: fault.Rejected, // a value of ours is wrong
	4001: fault.Rejected, 4002: fault.Rejected, 4003: fault.Rejected, 4006: fault.Rejected,

	4005: fault.RateLimited, // the API is off for maintenance
	4007: fault.RateLimited,
}

// judgeRead and judgeWrite differ in one thing: that there was nothing to change answers a write, never a question.
func judgeRead(status int, body []byte) *httpx.Verdict  { return judge(status, body, false) }
func judgeWrite(status int, body []byte) *httpx.Verdict { return judge(status, body, true) }

// judgeOrder is for what costs money. Only a code that we know refuses for certain: any other answer that says
// "maintenance" or "unavailable" leaves open whether the order was carried out.
func judgeOrder(status int, body []byte) *httpx.Verdict {
	var e envelope
	if json.Unmarshal(body, &e) == nil && e.Code != nil && classes[*e.Code] != "" {
		return e.verdict(classes[*e.Code])
	}
	if e.Maintenance.On || status == http.StatusServiceUnavailable {
		return &httpx.Verdict{Class: fault.Transient, Err: fmt.Errorf("HTTP %d: unavailable or in maintenance", status)}
	}
	return judgeRead(status, body)
}

func judge(status int, body []byte, write bool) *httpx.Verdict {
	var e envelope
	if json.Unmarshal(body, &e) != nil || e.Code == nil {
		return judgeBare(status, body)
	}
	switch code := *e.Code; {
	case e.Maintenance.On: // whatever else it says is worth nothing: a name is not found, a password is refused
		return e.verdict(fault.RateLimited)
	case write && (code == 1 || code == 18):
		return &httpx.Verdict{}
	case code == 0 && success(status):
		return nil
	case classes[code] != "":
		return e.verdict(classes[code])
	default:
		return e.unknown(status)
	}
}

// judgeBare is for what is not Openprovider's own answer. Their 404 has a code: one without means a wrong address.
func judgeBare(status int, body []byte) *httpx.Verdict {
	switch {
	case status == http.StatusNotFound:
		return &httpx.Verdict{Class: fault.Protocol, Err: fmt.Errorf("HTTP 404 without a code (look at base_url)")}
	case success(status) && json.Valid(body):
		return &httpx.Verdict{Class: fault.Protocol, Err: fmt.Errorf("HTTP %d without a code", status)}
	default:
		return nil
	}
}

// unknown is for codes that the table lacks. Trying again loses nothing, unless the status knows better.
func (e envelope) unknown(status int) *httpx.Verdict {
	switch {
	case strings.Contains(strings.ToLower(string(e.Desc)), "calls limit has been reached"):
		return e.verdict(fault.RateLimited)
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return nil // Retry-After counts
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return e.verdict(fault.Auth)
	case *e.Code != 0 && status >= 400 && status <= 499:
		return e.verdict(fault.Rejected)
	case success(status), *e.Code != 0:
		return e.verdict(fault.Transient)
	default:
		return nil
	}
}

func (e envelope) verdict(class fault.Class) *httpx.Verdict {
	v := &httpx.Verdict{Class: class, Err: fmt.Errorf("%s", e.text())}
	if class == fault.RateLimited {
		v.RetryAfter = pause
	}
	return v
}

func (e envelope) text() string {
	text := Warning{Code: *e.Code, Desc: e.Desc}
	_ = text.Data.UnmarshalJSON(e.Data) // it never fails; other data than text is ""
	if e.Maintenance.On {
		return text.String() + " (maintenance)"
	}
	return text.String()
}

// String reads like `code 399: An error occurred: registry says no`.
func (w Warning) String() string {
	text := fmt.Sprintf("code %d: %s", w.Code, w.Desc)
	if w.Data != "" && w.Data != "null" {
		text += ": " + string(w.Data)
	}
	return text
}

func success(status int) bool { return status >= 200 && status <= 299 }

// longestRefusal is more than a refusal ever takes: a page of domains need not be read to know that it is none.
const longestRefusal = 16 << 10

// TokenRefused says whether an answer is about the token, and not about who may call at all.
func TokenRefused(status int, body []byte) bool {
	if success(status) && len(body) > longestRefusal {
		return false
	}
	var e envelope
	if json.Unmarshal(body, &e) != nil || e.Code == nil || classes[*e.Code] == "" {
		return status == http.StatusUnauthorized
	}
	return *e.Code == tokenRefused
}
