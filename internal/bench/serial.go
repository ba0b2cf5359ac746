package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
)

// serialDomains is how many domains the serial loop looks up.
const serialDomains = 1000

// oneByOne is the yardstick of what whmcsync replaces: one look-up per domain, one after the other, over a new connection
// each, as WHMCS's own domain sync and its successors in PHP do it. It returns domains a second.
func oneByOne(ctx context.Context, held []sim.Domain) (float64, error) {
	held = held[:min(serialDomains, len(held))]
	account := sim.New(sim.Options{Username: "bench", Password: apiKey})
	account.Seed(held...)
	if err := account.Start("127.0.0.1:0"); err != nil {
		return 0, err
	}
	defer func() { _ = account.Close() }()
	c := &caller{base: account.URL(), http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}}
	if err := c.login(ctx); err != nil {
		return 0, err
	}
	began := time.Now()
	for _, domain := range held {
		var found listed
		if err := c.get(ctx, url.Values{"full_name": {domain.Name}, "limit": {"1"}}, &found); err != nil {
			return 0, err
		}
		if len(found.Data.Results) != 1 {
			return 0, fmt.Errorf("the registrar does not find %s", domain.Name)
		}
	}
	return float64(len(held)) / time.Since(began).Seconds(), nil
}

// listed is as much of a page of domains as has to be looked at to store it.
type listed struct {
	Data struct {
		Results []listedDomain `json:"results"`
		Total   int            `json:"total"`
	} `json:"data"`
}

type listedDomain struct {
	ID     int64 `json:"id"`
	Domain struct {
		Name      string `json:"name"`
		Extension string `json:"extension"`
	} `json:"domain"`
	Status     string `json:"status"`
	AutoRenew  string `json:"autorenew"`
	Privacy    bool   `json:"is_private_whois_enabled"`
	Allowed    bool   `json:"is_private_whois_allowed"`
	Renewal    string `json:"renewal_date"`
	Expiration string `json:"expiration_date"`
}

// caller speaks to the registrar as plainly as can be.
type caller struct {
	base, token string
	http        *http.Client
}

func (c *caller) login(ctx context.Context) error {
	body, err := json.Marshal(map[string]string{"username": "bench", "password": apiKey, "ip": "0.0.0.0"})
	if err != nil {
		return err
	}
	var answer struct {
		Data struct {
			Token string `json:"token"`
		} `json:"data"`
	}
	err = c.send(ctx, http.MethodPost, "/auth/login", bytes.NewReader(body), &answer)
	c.token = answer.Data.Token
	return err
}

func (c *caller) get(ctx context.Context, query url.Values, into *listed) error {
	return c.send(ctx, http.MethodGet, "/domains?"+query.Encode(), nil, into)
}

func (c *caller) send(ctx context.Context, method, path string, body io.Reader, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("the registrar answered HTTP %d", answer.StatusCode)
	}
	return json.NewDecoder(answer.Body).Decode(into)
}
