package wire

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// Reply is what every answer says, with what this one says in its Attributes.
type Reply struct {
	Success    bool
	Code       int
	Text       string
	Attributes Value
}

// Async is the code of what was accepted and will be done later.
const Async = 250

// DecodeReply reads an answer; one that does not say whether it went well is an error.
func DecodeReply(body []byte) (Reply, error) {
	v, err := Decode(body)
	if err != nil {
		return Reply{}, err
	}
	success := v.At("is_success").Text
	if success != "0" && success != "1" {
		return Reply{}, errors.New("it does not say whether it went well")
	}
	code, err := strconv.Atoi(v.At("response_code").Text)
	if err != nil {
		return Reply{}, errors.New("it holds no response code")
	}
	return Reply{Success: success == "1", Code: code, Text: v.At("response_text").Text, Attributes: v.At("attributes")}, nil
}

// classes are what the response codes of failures come to. A code that is not here is Protocol: tried again, and seen.
var classes = map[int]fault.Class{
	300: fault.RateLimited, 310: fault.RateLimited, 350: fault.RateLimited, // rate, connections at once, commands on one connection
	400: fault.Transient, 405: fault.Transient, 500: fault.Transient, 705: fault.Transient,
	401: fault.Auth, 410: fault.Auth,
	437: fault.Transient, 486: fault.Transient, // another request for this name is under way
	404: fault.NotFound, 480: fault.NotFound,
	415: fault.NotFound, // the registrant's own sign-in: wanted for names that are not this reseller's
	430: fault.Rejected, 435: fault.Rejected, 436: fault.Rejected, 440: fault.Rejected, 445: fault.Rejected, 447: fault.Rejected,
	460: fault.Rejected, 465: fault.Rejected, 485: fault.Rejected, 487: fault.Rejected, 541: fault.Rejected, 555: fault.Rejected,
	3001: fault.Rejected,
}

// class is what a failure comes to. An address that is not on the account's list of addresses gets the code of an
// internal error, and only the text tells them apart.
func (r Reply) class() fault.Class {
	if r.Code == 400 && strings.Contains(strings.ToLower(r.Text), "access denied") {
		return fault.Auth
	}
	if class, known := classes[r.Code]; known {
		return class
	}
	return fault.Protocol
}

func (r Reply) err() error { return fmt.Errorf("code %d: %s", r.Code, r.Text) }

// judge reads an answer into r. missing is what it means that something is not there.
func (r *Reply) judge(missing fault.Class) httpx.Judge {
	return func(status int, body []byte) *httpx.Verdict {
		if status != http.StatusOK {
			return nil
		}
		reply, err := DecodeReply(body)
		if err != nil {
			return &httpx.Verdict{Class: fault.Protocol, Err: fmt.Errorf("an answer we cannot read: %w", err)}
		}
		*r = reply
		if reply.Success {
			return &httpx.Verdict{}
		}
		class := reply.class()
		if class == fault.NotFound {
			class = missing
		}
		return &httpx.Verdict{Class: class, Err: reply.err()}
	}
}
