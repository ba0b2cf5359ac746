package httpx

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
)

// MaxWait is the longest a call waits for a free slot, and again for the limiter. Longer than that the work belongs
// back into the queue.
const MaxWait = 5 * time.Second

// Limiter holds calls back to an account's limits, shared by everybody who calls that account.
type Limiter interface {
	// Wait returns when one call may be sent; release is called once when it has ended. Errors are *fault.Error:
	// RateLimited with RetryAfter when the wait would be longer than MaxWait, Transient when the limit cannot be known,
	// Held when ctx ended.
	Wait(ctx context.Context) (release func(), err error)
	// Block stops all calls to the account for d, for everybody; 0 = the other side did not say how long.
	Block(ctx context.Context, d time.Duration)
}

// Observer is told of every call. Class is "ok" or a fault.Class.
type Observer interface {
	Call(account, call, class string, took time.Duration)
	Waited(account string, d time.Duration)
}

// Config is what a Client needs. Account and BaseURL are required.
type Config struct {
	Account   string
	BaseURL   string            // https, or plain http to a loopback host; replaces all before a call's own path
	Header    http.Header       // sent with every call (credentials)
	Secrets   []string          // removed from every error text
	Timeout   time.Duration     // of one call, body included; default 30s
	MaxBody   int64             // bytes of an answer; default 16 MiB
	InFlight  int               // calls of this process at once; default 4
	Limiter   Limiter           // nil = no limit but InFlight
	Observer  Observer          // nil = nobody
	Transport http.RoundTripper // nil = one of our own
}

// Client talks to one account. Safe for many goroutines at once.
type Client struct {
	Config

	base   *url.URL
	http   *http.Client
	redact redactor
	slots  chan struct{}
}

// New checks the configuration and returns a client. Nothing is sent.
func New(cfg Config) (*Client, error) {
	base, err := parseBase(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if err := checkHeader(cfg.Header); err != nil {
		return nil, err
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, 30*time.Second)
	cfg.MaxBody = cmp.Or(cfg.MaxBody, 16<<20)
	cfg.InFlight = cmp.Or(cfg.InFlight, 4)
	if cfg.Transport == nil {
		cfg.Transport = newTransport(cfg.InFlight)
	}
	return &Client{
		Config: cfg,
		base:   base,
		http:   &http.Client{Transport: cfg.Transport, CheckRedirect: stay},
		redact: newRedactor(cfg.Secrets),
		slots:  make(chan struct{}, cfg.InFlight),
	}, nil
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Close gives idle connections back.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Request is one call.
type Request struct {
	Op      string // the act in words, for errors: "list subscribers (page 3)"
	Call    string // short and stable, for metrics: "list_subscribers"
	Method  string // default GET
	Path    string // behind BaseURL, already escaped; begins with / or is empty
	Query   url.Values
	Header  http.Header // beside the client's: credentials of this call alone
	Secrets []string    // beside the client's
	Body    any         // a Raw goes out as it is, url.Values as a form, all else as JSON; nil = none
	Out     any         // target in the request's Format; nil = the answer's body is not looked at
	Format  Format      // of the answer; default JSON
	Accept  []int       // statuses that are a success; default 200..299
	Judge   Judge       // nil = the status decides
}

// Raw is a body that is ready to be sent.
type Raw struct {
	Type string // Content-Type
	Data []byte
}

// Format is how an answer is written.
type Format string

// The formats.
const (
	JSON Format = ""
	XML  Format = "xml"
)

// Judge looks at an answer that came whole before its status counts: some APIs answer 500 to a question about a name
// they do not hold, or 200 to a wrong password. nil leaves the judgement to the status.
type Judge func(status int, body []byte) *Verdict

// Verdict is what a Judge found.
type Verdict struct {
	Class      fault.Class // "" = it went well, whatever the status
	RetryAfter time.Duration
	Err        error // becomes the cause, as text without secrets
}

// Response is what a call that went well came with.
type Response struct {
	Status int
	Header http.Header
}

// Do sends one request. Errors are *fault.Error of every class but Refused; the cause of one that the status decided is
// a *StatusError. Held means that ctx ended, which says nothing about the account (nor whether a write arrived).
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	release, err := c.admit(ctx, r)
	if err != nil {
		return Response{}, err
	}
	defer release()
	start := time.Now()
	res, failure := c.send(ctx, r)
	c.observe(r.Call, failure, time.Since(start))
	if failure == nil {
		return res, nil
	}
	if failure.Class == fault.RateLimited && c.Limiter != nil {
		c.Limiter.Block(context.WithoutCancel(ctx), failure.RetryAfter)
	}
	return res, failure
}

// admit waits for a slot of this process first and for the limiter second: a place in the limiter's row that is
// used late would let calls bunch up.
func (c *Client) admit(ctx context.Context, r Request) (release func(), err error) {
	start := time.Now()
	if err := c.takeSlot(ctx, r); err != nil {
		return nil, err
	}
	done := func() {}
	if c.Limiter != nil {
		if done, err = c.Limiter.Wait(ctx); err != nil {
			<-c.slots
			return nil, c.named(err, r)
		}
	}
	if c.Observer != nil {
		c.Observer.Waited(c.Account, time.Since(start))
	}
	return func() { done(); <-c.slots }, nil
}

func (c *Client) takeSlot(ctx context.Context, r Request) error {
	if ctx.Err() != nil {
		return c.held(ctx, r)
	}
	select {
	case c.slots <- struct{}{}:
		return nil
	default:
	}
	late := time.NewTimer(MaxWait)
	defer late.Stop()
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return c.held(ctx, r)
	case <-late.C:
		err := fault.New(fault.RateLimited, c.Account, r.Op, "all %d calls at once are taken", c.InFlight)
		err.RetryAfter = time.Second
		return err
	}
}

// named puts the account and the act into a limiter's error, which knows neither.
func (c *Client) named(err error, r Request) *fault.Error {
	out := &fault.Error{Class: fault.ClassOf(err), Account: c.Account, Op: r.Op, RetryAfter: fault.RetryAfter(err), Err: err}
	if e, ok := errors.AsType[*fault.Error](err); ok {
		out.Err = e.Err
	}
	return out
}

func (c *Client) held(ctx context.Context, r Request) *fault.Error {
	return &fault.Error{Class: fault.Held, Account: c.Account, Op: r.Op, Err: ctx.Err()}
}

func (c *Client) send(ctx context.Context, r Request) (Response, *fault.Error) {
	callCtx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	req, err := c.build(callCtx, r)
	if err != nil {
		return Response{}, c.fail(fault.Refused, r, err)
	}
	answer, err := c.http.Do(req) //nolint:bodyclose // drain closes it
	if err != nil {
		return Response{}, c.transportFault(ctx, r, err)
	}
	defer drain(answer.Body)
	res := Response{Status: answer.StatusCode, Header: answer.Header}
	body, err := io.ReadAll(io.LimitReader(answer.Body, c.MaxBody+1))
	verdict := judge(r, answer.StatusCode, body, err)
	if verdict != nil && verdict.Class != "" {
		return res, c.verdictFault(r, verdict)
	}
	if verdict == nil && !accepted(r, answer.StatusCode) {
		return res, c.statusFault(r, answer, body) // a body cut short still leaves the status
	}
	if err != nil {
		return res, c.bodyFault(ctx, r, err)
	}
	return res, c.decode(r, answer, body)
}

func judge(r Request, status int, body []byte, err error) *Verdict {
	if r.Judge == nil || err != nil {
		return nil
	}
	return r.Judge(status, body)
}

func (c *Client) build(ctx context.Context, r Request) (*http.Request, error) {
	body, err := encode(r.Body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, cmp.Or(r.Method, http.MethodGet), c.url(r), bytes.NewReader(body.Data))
	if err != nil {
		return nil, err
	}
	for _, header := range []http.Header{c.Header, r.Header} {
		for name, values := range header {
			req.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	req.Header.Set("Accept", "application/"+cmp.Or(string(r.Format), "json"))
	if body.Type != "" {
		req.Header.Set("Content-Type", body.Type)
	}
	return req, nil
}

func encode(body any) (Raw, error) {
	switch body := body.(type) {
	case nil:
		return Raw{}, nil
	case Raw:
		return body, nil
	case url.Values:
		return Raw{"application/x-www-form-urlencoded", []byte(body.Encode())}, nil
	default:
		data, err := json.Marshal(body)
		return Raw{"application/json", data}, err
	}
}

func (c *Client) url(r Request) string {
	address := strings.TrimSuffix(c.base.String(), "/") + r.Path
	if len(r.Query) > 0 {
		address += "?" + r.Query.Encode()
	}
	return address
}

func accepted(r Request, status int) bool {
	if len(r.Accept) > 0 {
		return slices.Contains(r.Accept, status)
	}
	return status >= 200 && status <= 299
}

// drain reads what little may be left, so that the connection can be used again.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10)
	_ = body.Close()
}

func (c *Client) observe(call string, failure *fault.Error, took time.Duration) {
	if c.Observer == nil {
		return
	}
	class := "ok"
	if failure != nil {
		class = string(failure.Class)
	}
	c.Observer.Call(c.Account, call, class, took)
}
