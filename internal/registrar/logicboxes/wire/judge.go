package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// judge reads what an answer says before its HTTP status counts: a name that the account does not hold comes with 500,
// a refusal with 200 or 500. What it does not know, the status decides.
func judge(status int, body []byte) *httpx.Verdict {
	switch {
	case status == http.StatusForbidden && bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")):
		return &httpx.Verdict{Class: fault.Auth, Err: errors.New("HTTP 403 with a web page: this server's IP address is not among those allowed for the API key")}
	case status == http.StatusNotFound:
		return &httpx.Verdict{Class: fault.Protocol, Err: errors.New("HTTP 404: there is no such call at this base_url")}
	case status >= 300 && status < 500:
		return nil
	}
	failed, text := failure(body)
	if !failed {
		return nil
	}
	if class := classOf(text, status); class != "" {
		return &httpx.Verdict{Class: class, Err: errors.New(text)}
	}
	return nil
}

// failure says whether an answer says of itself that it failed, and how.
func failure(body []byte) (failed bool, text string) {
	var answer struct {
		Status     Text `json:"status"`
		Message    Text `json:"message"`
		Error      Text `json:"error"`
		StatusDesc Text `json:"actionstatusdesc"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return false, ""
	}
	word := strings.ToLower(string(answer.Status))
	text = cmp.Or(string(answer.Message), string(answer.Error), string(answer.StatusDesc), "it does not say why")
	return word == "error" || word == "failed", text
}

// classOf knows the sentences that decide. No word is looked for that could stand in a domain's name. "" = the status
// decides.
func classOf(text string, status int) fault.Class {
	lower := strings.ToLower(text)
	switch {
	case begins(lower, "website doesn't exist", "no entity found", "no record", "no action"):
		return fault.NotFound
	case begins(lower, "authentication ", "required authentication ", "access denied", "invalid api-key", "invalid auth-userid"),
		holds(lower, "not authorized", "invalid credentials"):
		return fault.Auth
	case status < 300, holds(lower, "privacy protection", "parameter"):
		return fault.Rejected
	default:
		return ""
	}
}

func begins(text string, starts ...string) bool {
	return slices.ContainsFunc(starts, func(start string) bool { return strings.HasPrefix(text, start) })
}

func holds(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}
