package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// What answers say in lower case when they are about us and not about what was asked. Which HTTP status goes with them
// differs from install to install.
var (
	strangers = []string{"authentication failed", "invalid ip", "access key", "access denied", "invalid credential"}
	forbidden = []string{"invalid permission", "permission denied", "api action"} // the API role lacks the action
	unheardOf = []string{"command not found", "action not found", "unknown action", "invalid action"}
)

// judge reads an answer's own verdict: it may say no with HTTP 200, and what it says about credentials counts whatever the
// status. What it does not know is left to the status.
func judge(status int, body []byte) *httpx.Verdict {
	if status == http.StatusNotFound {
		return &httpx.Verdict{Class: fault.Protocol, Err: errors.New("HTTP 404: there is no API (the address ends in /includes/api.php)")}
	}
	var said answer
	if json.Unmarshal(body, &said) != nil {
		return nil
	}
	switch {
	case said.Result == "error" && (about(said, strangers) || about(said, forbidden)):
		return &httpx.Verdict{Class: fault.Auth, Err: errors.New(said.Message)}
	case status != http.StatusOK || said.Result == "success":
		return nil
	case said.Result == "error":
		return &httpx.Verdict{Class: fault.Rejected, Err: errors.New(said.Message)}
	default:
		return &httpx.Verdict{Class: fault.Protocol, Err: fmt.Errorf("the answer's result is %q", said.Result)}
	}
}

// judgeCheck takes it for good that only the action is refused: then the credentials were not.
func judgeCheck(status int, body []byte) *httpx.Verdict {
	var said answer
	ours := json.Unmarshal(body, &said) == nil && said.Result == "error" && !about(said, strangers)
	if ours && (about(said, forbidden) || about(said, unheardOf)) {
		return &httpx.Verdict{}
	}
	return judge(status, body)
}

func about(said answer, words []string) bool {
	text := strings.ToLower(said.Message)
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(text, word) })
}
