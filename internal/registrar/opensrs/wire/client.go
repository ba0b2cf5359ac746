package wire

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// Client sends signed commands.
type Client struct {
	HTTP     *httpx.Client
	Username string
	Key      string
}

// Sign is the signature of a message: md5(md5(message + key) + key), in lower-case hex.
func Sign(message []byte, key string) string {
	return hash(hash(string(message)+key) + key)
}

// hash is weak, and all that the API takes.
func hash(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// command is one call on the object DOMAIN.
type command struct {
	op         string // in words, for errors
	call       string // for metrics
	action     string
	attributes map[string]string
	missing    fault.Class // what it means that something is not there
}

func (c command) message() []byte {
	message := Texts(map[string]string{"protocol": "XCP", "action": strings.ToUpper(c.action), "object": "DOMAIN"})
	message.Map["attributes"] = Texts(c.attributes)
	return Encode(message)
}

func (c Client) send(ctx context.Context, cmd command) (Reply, error) {
	message := cmd.message()
	signature := Sign(message, c.Key)
	var reply Reply
	_, err := c.HTTP.Do(ctx, httpx.Request{
		Op: cmd.op, Call: cmd.call, Method: http.MethodPost, Accept: []int{http.StatusOK}, Format: httpx.XML,
		Header:  http.Header{"X-Username": {c.Username}, "X-Signature": {signature}},
		Secrets: []string{signature},
		Body:    httpx.Raw{Type: "text/xml", Data: message},
		Judge:   reply.judge(cmd.missing),
	})
	return reply, wrongAddress(err)
}

// wrongAddress takes an HTTP 404 for what it is: this API answers 200 to questions about names that are not there.
func wrongAddress(err error) error {
	status, decided := errors.AsType[*httpx.StatusError](err)
	failure, classed := errors.AsType[*fault.Error](err)
	if !decided || !classed || status.Status != http.StatusNotFound {
		return err
	}
	wrong := *failure
	wrong.Class = fault.Protocol
	return &wrong
}

// odd is for an answer that went well and lacks what it must hold.
func (c Client) odd(op, what string) error {
	return fault.New(fault.Protocol, c.HTTP.Account, op, "%s", what)
}
