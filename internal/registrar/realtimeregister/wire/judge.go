package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// about says what a call is about, and so what its refusal means.
type about string

const (
	account   about = "account"
	extension about = "extension"
	name      about = "name"
	change    about = "change" // of one name
)

// refusals are the types of error that mean something else than their HTTP status, which differs between servers. A type
// that is not in here is judged by its status.
var refusals = map[about]map[Text]fault.Class{
	account:   {"ObjectDoesNotExist": fault.Protocol},
	extension: {"ObjectDoesNotExist": fault.NotFound, "UnsupportedTld": fault.NotFound},
	name: {
		"ObjectDoesNotExist": fault.NotFound, "UnsupportedTld": fault.NotFound,
		"AuthorizationError": fault.NotFound, "AuthorizationFailed": fault.NotFound, // somebody else's
	},
	change: {
		"ObjectDoesNotExist": fault.Rejected, "UnsupportedTld": fault.Rejected,
		"AuthorizationError": fault.Rejected, "AuthorizationFailed": fault.Rejected,
		"BillableAcknowledgmentNeededException": fault.Rejected,
	},
}

func (a about) judge(status int, body []byte) *httpx.Verdict {
	if status < 400 || status > 499 {
		return nil
	}
	var failure struct {
		Type    Text `json:"type"`
		Message Text `json:"message"`
	}
	_ = json.Unmarshal(body, &failure) // what is not theirs has no type
	class := refusals[a][failure.Type]
	switch {
	case class != "":
		return &httpx.Verdict{Class: class, Err: fmt.Errorf("%s: %s", failure.Type, failure.Message)}
	case status == http.StatusNotFound:
		return &httpx.Verdict{Class: fault.Protocol, Err: errors.New("HTTP 404: there is no such call (look at base_url)")}
	default:
		return nil
	}
}
