package api

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/httpx"
)

// The usual limits: each call boots WHMCS's PHP and takes its time.
const (
	inFlight = 2
	timeout  = 30 * time.Second
)

// Config is what a Client needs. Source, URL, Identifier and Secret are required.
type Config struct {
	Source     string // the account that errors name
	URL        string // of includes/api.php
	Identifier string
	Secret     string
	AccessKey  string         // $api_access_key of configuration.php, where our address is not on WHMCS's list; "" = none
	Timeout    time.Duration  // of one call; default 30s
	InFlight   int            // calls of this process at once; default 2
	Limiter    httpx.Limiter  // nil = no limit but InFlight
	Observer   httpx.Observer // nil = nobody
}

// Client calls the API of one WHMCS install. Safe for many goroutines at once.
type Client struct {
	http  *httpx.Client
	who   url.Values
	turns chan struct{}
}

// New checks the configuration and returns a client. Nothing is sent.
func New(cfg Config) (*Client, error) {
	cfg.InFlight = cmp.Or(cfg.InFlight, inFlight)
	client, err := httpx.New(httpx.Config{
		Account: cfg.Source, BaseURL: cfg.URL, Secrets: []string{cfg.Identifier, cfg.Secret, cfg.AccessKey},
		Timeout: cmp.Or(cfg.Timeout, timeout), InFlight: cfg.InFlight, Limiter: cfg.Limiter, Observer: cfg.Observer,
	})
	if err != nil {
		return nil, err
	}
	who := url.Values{"identifier": {cfg.Identifier}, "secret": {cfg.Secret}, "responsetype": {"json"}}
	if cfg.AccessKey != "" {
		who.Set("accesskey", cfg.AccessKey)
	}
	return &Client{http: client, who: who, turns: make(chan struct{}, cfg.InFlight)}, nil
}

// Close gives idle connections back.
func (c *Client) Close() { c.http.Close() }

// SendEmail has WHMCS send one of its domain mails to the owner of a domain; template is its name, domainID the
// tbldomains.id. It is not idempotent: whoever repeats it sends a second mail. fault.Auth: the credentials, our address or
// the API role are refused; fault.Rejected: WHMCS says no to this mail. With every other class it may have been sent.
func (c *Client) SendEmail(ctx context.Context, template string, domainID int64) error {
	form := url.Values{"messagename": {template}, "id": {strconv.FormatInt(domainID, 10)}}
	return c.do(ctx, "send email", "SendEmail", form, &answer{}, judge)
}

// Check proves address and credentials without doing anything. The version is "" where WHMCS is older than 8.0, or the API
// role does not allow WhmcsDetails: then the credentials were accepted all the same.
func (c *Client) Check(ctx context.Context) (version string, err error) {
	var said details
	err = c.do(ctx, "look at the version", "WhmcsDetails", url.Values{}, &said, judgeCheck)
	return said.version(), err
}

// do waits for its turn as long as ctx allows: a mail that gives up because others are slow is lost for nothing.
func (c *Client) do(ctx context.Context, op, action string, form url.Values, out any, judge httpx.Judge) error {
	select {
	case c.turns <- struct{}{}:
		defer func() { <-c.turns }()
	case <-ctx.Done():
		return &fault.Error{Class: fault.Held, Account: c.http.Account, Op: op, Err: ctx.Err()}
	}
	for name, values := range c.who {
		form[name] = values
	}
	form.Set("action", action)
	_, err := c.http.Do(ctx, httpx.Request{
		Op: op, Call: action, Method: http.MethodPost, Body: form, Out: out, Judge: judge, Accept: []int{http.StatusOK},
	})
	return err
}

// answer is what all answers have in common.
type answer struct {
	Result  string `json:"result"` // success | error
	Message string `json:"message"`
}

// details is the answer to WhmcsDetails. PHP writes an empty list in the place of an object that has nothing in it.
type details struct {
	WHMCS json.RawMessage `json:"whmcs"`
}

func (d details) version() string {
	var install struct {
		Version string `json:"version"`
	}
	if json.Unmarshal(d.WHMCS, &install) != nil {
		return ""
	}
	return install.Version
}
