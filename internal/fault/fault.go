package fault

import (
	"errors"
	"fmt"
	"time"
)

// Class says what kind of trouble an error is, and so what is to be done about it. The list is closed.
type Class string

const (
	// Transient: it may well work next time (timeout, cut connection, 5xx). Tried again with backoff.
	Transient Class = "transient"
	// RateLimited: the other side asked us to slow down. Tried again after RetryAfter, not counted as an attempt.
	RateLimited Class = "rate_limited"
	// Auth: the credentials were refused. The account is paused; never tried again in a loop.
	Auth Class = "auth"
	// NotFound: the thing asked for is not there. An answer more than a failure.
	NotFound Class = "not_found"
	// Rejected: the other side understood and said no to this record (422). Not tried again until the record changes.
	Rejected Class = "rejected"
	// Protocol: the answer was not what the API promises (HTML, broken JSON). Tried again with backoff.
	Protocol Class = "protocol"
	// Refused: we ourselves will not do it (a doubtful value, a broken record). For a person to look at.
	Refused Class = "refused"
	// Held: it waits for something that is not an error (a paused account, a draining worker, an approval).
	Held Class = "held"
)

// Error is a classified failure. Account and Op name who and what in plain words ("list subscribers (page 3)");
// they never hold a key, a token or a URL query.
type Error struct {
	Class      Class
	Account    string        // account or source name, "" when there is none
	Op         string        // the act, in words
	RetryAfter time.Duration // with RateLimited and Held: when to come back; 0 = unknown
	Err        error         // the cause; may be nil
}

// Error reads like `news: list subscribers (page 3): rate limited, retry in 30s: too many requests`.
func (e *Error) Error() string {
	text := e.Class.text()
	if e.RetryAfter > 0 {
		text += fmt.Sprintf(", retry in %s", e.RetryAfter.Round(time.Millisecond))
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	for _, part := range []string{e.Op, e.Account} {
		if part != "" {
			text = part + ": " + text
		}
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

func (c Class) text() string {
	switch c {
	case RateLimited:
		return "rate limited"
	case NotFound:
		return "not found"
	case Auth:
		return "credentials refused"
	default:
		return string(c)
	}
}

// New builds a classified error from a format, as fmt.Errorf does (%w works).
func New(class Class, account, op, format string, args ...any) *Error {
	return &Error{Class: class, Account: account, Op: op, Err: fmt.Errorf(format, args...)}
}

// ClassOf returns the class of the outermost classified error in err's chain. An error nobody classified counts
// as Transient: retrying is the answer that loses nothing. ClassOf(nil) is "".
func ClassOf(err error) Class {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	return Transient
}

// Is reports whether err carries the class.
func Is(err error, class Class) bool { return err != nil && ClassOf(err) == class }

// RetryAfter returns how long the other side asked us to wait, 0 when it did not say.
func RetryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}
