package server

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/whmcsync/whmcsync/internal/config"
)

// Role is what a signed-in person may do.
type Role string

// The roles. A viewer sees everything and changes nothing.
const (
	RoleViewer   Role = "viewer"
	RoleOperator Role = "operator"
)

// User may sign in to the pages. Password is plain or a bcrypt hash ($2a$, $2b$, $2y$). An empty Role is a viewer.
type User struct {
	Name     string
	Password config.Secret
	Role     Role
}

// Token may read /metrics and the API with `Authorization: Bearer`.
type Token struct {
	Name  string
	Value config.Secret
}

// Source is one WHMCS install that may call the hook address.
type Source struct {
	HookSecret  config.Secret // empty = hooks are off
	Syncs       []string      // the clients syncs of the source: each is touched by its hooks about clients
	DomainSyncs []string      // its domains and transfers syncs: touched by hooks about domains
}

// SyncInfo is what the server must know of a sync.
type SyncInfo struct {
	CronKey config.Secret // empty = /cron/NAME is off
}

// Config says where to listen and whom to let in. The zero value listens on a free loopback port.
type Config struct {
	Listen        string // host:port; default 127.0.0.1:0
	MetricsListen string // host:port of its own for /metrics; "" = on Listen, guarded
	PublicURL     string // how people reach the pages; https makes the cookies Secure
	Users         []User
	Tokens        []Token
	Sources       map[string]Source
	Syncs         map[string]SyncInfo
	Version       string // shown in the footer
	Log           zerolog.Logger
	Now           func() time.Time // default time.Now
}

func (c Config) withDefaults() Config {
	c.Listen = cmp.Or(c.Listen, "127.0.0.1:0")
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func (c Config) validate() error {
	problems := []error{c.validatePublicURL()}
	for _, u := range c.Users {
		problems = append(problems, u.validate())
	}
	for _, t := range c.Tokens {
		if t.Value.IsZero() {
			problems = append(problems, fmt.Errorf("token %q has no value", t.Name))
		}
	}
	for name, source := range c.Sources {
		for _, sync := range slices.Concat(source.Syncs, source.DomainSyncs) {
			if _, known := c.Syncs[sync]; !known {
				problems = append(problems, fmt.Errorf("source %q names the unknown sync %q", name, sync))
			}
		}
	}
	return errors.Join(problems...)
}

func (c Config) validatePublicURL() error {
	if c.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("the public URL must read like https://sync.example.com")
	}
	return nil
}

func (u User) validate() error {
	if u.Name == "" || u.Password.IsZero() {
		return fmt.Errorf("user %q needs a name and a password", u.Name)
	}
	if u.Role != "" && u.Role != RoleViewer && u.Role != RoleOperator {
		return fmt.Errorf("user %q: role %q is neither viewer nor operator", u.Name, u.Role)
	}
	return nil
}

// secure says whether people reach us by https, so that cookies may insist on it.
func (c Config) secure() bool {
	u, err := url.Parse(c.PublicURL)
	return err == nil && u.Scheme == "https"
}
