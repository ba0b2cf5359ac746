package httpx

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
)

// StatusError is the cause of a fault that an HTTP status decided. Text is what the answer said for people: no secret,
// one line, at most 300 characters; "" when it said nothing we can read.
type StatusError struct {
	Status int
	Text   string
}

func (e *StatusError) Error() string {
	if e.Text == "" {
		return "HTTP " + strconv.Itoa(e.Status)
	}
	return fmt.Sprintf("HTTP %d: %s", e.Status, e.Text)
}

// classOf turns a status that is not a success into a class.
func classOf(status int) fault.Class {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fault.Auth
	case status == http.StatusNotFound:
		return fault.NotFound
	case status == http.StatusTooManyRequests:
		return fault.RateLimited
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status >= 500 && status <= 599:
		return fault.Transient
	case status >= 400 && status <= 499:
		return fault.Rejected
	default:
		return fault.Protocol // redirects are not followed, other successes were not asked for
	}
}

// StatusFault classes a status that came inside an answer (one operation of a batch) as if it had been its own call.
func (c *Client) StatusFault(op string, status int, body []byte) error {
	return c.statusFault(Request{Op: op}, &http.Response{StatusCode: status}, body)
}

// verdictFault is for an answer that its Judge understood.
func (c *Client) verdictFault(r Request, v *Verdict) *fault.Error {
	failure := &fault.Error{Class: v.Class, Account: c.Account, Op: r.Op}
	if v.Err != nil {
		failure = c.fail(v.Class, r, v.Err)
	}
	if v.RetryAfter > 0 {
		failure.RetryAfter = clampWait(v.RetryAfter.Seconds())
	}
	return failure
}

func (c *Client) statusFault(r Request, answer *http.Response, body []byte) *fault.Error {
	failure := &fault.Error{Class: classOf(answer.StatusCode), Account: c.Account, Op: r.Op}
	failure.Err = &StatusError{Status: answer.StatusCode, Text: c.redacted(r, errorText(r, answer.Header, body))}
	if failure.Class == fault.RateLimited || answer.StatusCode == http.StatusServiceUnavailable {
		if wait, ok := retryAfter(answer.Header, time.Now()); ok {
			failure.Class, failure.RetryAfter = fault.RateLimited, wait
		}
	}
	return failure
}

// transportFault is for a call that got no answer. The *url.Error around it is dropped: it holds the query.
func (c *Client) transportFault(ctx context.Context, r Request, err error) *fault.Error {
	if ctx.Err() != nil {
		return c.held(ctx, r)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		if e.Timeout() {
			return c.fail(fault.Transient, r, fmt.Errorf("no answer within %s", c.Timeout))
		}
		err = e.Err
	}
	if errors.Is(err, io.EOF) {
		err = errors.New("the connection was cut before the answer")
	}
	return c.fail(fault.Transient, r, err)
}

// bodyFault is for an answer whose body did not come whole.
func (c *Client) bodyFault(ctx context.Context, r Request, err error) *fault.Error {
	if errors.Is(err, io.ErrUnexpectedEOF) && ctx.Err() == nil {
		return c.fail(fault.Protocol, r, errors.New("the answer ends before its end"))
	}
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return c.fail(fault.Protocol, r, errors.New("the answer is not compressed as it says"))
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return c.fail(fault.Transient, r, fmt.Errorf("the answer was not complete within %s", c.Timeout))
	}
	return c.transportFault(ctx, r, err)
}

// fail flattens the cause to redacted text, so that nothing can be unwrapped that holds a secret.
func (c *Client) fail(class fault.Class, r Request, err error) *fault.Error {
	return &fault.Error{Class: class, Account: c.Account, Op: r.Op, Err: errors.New(c.redacted(r, err.Error()))}
}

// redacted is text without the secrets of the client and of the request.
func (c *Client) redacted(r Request, text string) string {
	if len(r.Secrets) > 0 {
		text = newRedactor(r.Secrets).text(text)
	}
	return c.redact.text(text)
}

func (c *Client) decode(r Request, answer *http.Response, body []byte) *fault.Error {
	if int64(len(body)) > c.MaxBody {
		return c.fail(fault.Protocol, r, fmt.Errorf("the answer is longer than %d bytes", c.MaxBody))
	}
	if isHTML(r.Format, answer.Header, body) {
		return c.fail(fault.Protocol, r, fmt.Errorf("HTTP %d with a web page instead of %s", answer.StatusCode, r.Format.name()))
	}
	if r.Out == nil || answer.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := r.Format.decode(body, r.Out); err != nil {
		return c.fail(fault.Protocol, r, fmt.Errorf("HTTP %d with an answer we cannot read: %w", answer.StatusCode, err))
	}
	return nil
}

// isHTML says whether an answer is a web page. XML is only taken for one when it says so itself: some APIs send it as
// text/html.
func isHTML(format Format, header http.Header, body []byte) bool {
	start := bytes.ToLower(bytes.TrimLeft(body[:min(len(body), 256)], " \t\r\n\ufeff"))
	if format == XML {
		return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
	}
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if kind == "text/html" || kind == "application/xhtml+xml" {
		return len(body) > 0
	}
	return bytes.HasPrefix(start, []byte("<"))
}

// errorText finds what an answer says for people: {"errors": {"email": ["..."]}}, {"errors": [...]}, {"error": "..."}
// or {"message": "..."}.
func errorText(r Request, header http.Header, body []byte) string {
	if isHTML(r.Format, header, body) {
		return "a web page instead of " + r.Format.name()
	}
	var answer struct {
		Errors  any `json:"errors"`
		Error   any `json:"error"`
		Message any `json:"message"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	for _, part := range []any{answer.Errors, answer.Error, answer.Message} {
		if text := flatten(part); text != "" {
			return text
		}
	}
	return ""
}

func flatten(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		parts := make([]string, 0, len(v))
		for _, item := range v {
			parts = append(parts, flatten(item))
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		parts := make([]string, 0, len(v))
		for field, item := range v {
			parts = append(parts, field+" "+flatten(item))
		}
		slices.Sort(parts)
		return strings.Join(parts, "; ")
	default:
		return fmt.Sprint(v)
	}
}

const maxRetryAfter = time.Hour

// retryAfter reads both forms of Retry-After. A date is taken relative to the answer's own Date, so that a wrong clock
// on either side does no harm. ok is false when there is none that can be read; otherwise it is 1 s to 1 h.
func retryAfter(header http.Header, now time.Time) (wait time.Duration, ok bool) {
	raw := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(raw, 64); err == nil {
		return clampWait(seconds), seconds == seconds // not for NaN
	}
	at, err := http.ParseTime(raw)
	if err != nil {
		return 0, false
	}
	if sent, err := http.ParseTime(header.Get("Date")); err == nil {
		now = sent
	}
	return clampWait(at.Sub(now).Seconds()), true
}

func clampWait(seconds float64) time.Duration {
	seconds = min(max(seconds, 1), maxRetryAfter.Seconds())
	return time.Duration(seconds * float64(time.Second))
}
