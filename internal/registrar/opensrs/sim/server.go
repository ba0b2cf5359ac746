package sim

import (
	"cmp"
	"crypto/md5"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/wire"
	"github.com/whmcsync/whmcsync/internal/simkit"
)

// Options are how the account behaves. Username and Key are required.
type Options struct {
	Username      string
	Key           string
	FromZero      bool // pages count from 0; default from 1
	Latin1        bool // answers come in ISO-8859-1
	Patterns      bool // a filter by name also finds names that only contain it
	Terse         bool // asked for a transfer that was never ordered, it says that the name is not there instead of undef
	PerConnection int  // commands on one connection; default 100

	PageCap       int // largest page; 0 = any
	RatePerSecond float64
	Burst         int
	Latency       time.Duration
	Clock         func() time.Time
}

// Server is the simulated account: the API under /, the controls under /_sim. Safe for many goroutines at once.
type Server struct {
	*simkit.Server
	opt         Options
	account     account
	connections connections
}

// New returns a server whose account is empty.
func New(opt Options) *Server {
	opt.PerConnection = cmp.Or(opt.PerConnection, 100)
	s := &Server{opt: opt, connections: connections{counts: map[string]int{}}}
	s.account.forget()
	s.Server = simkit.New(simkit.API{
		Route: s.route, Authorize: s.knows, Failure: s.failure, ContentType: "text/xml", State: s.state, Forget: s.account.forget,
		Controls: map[string]http.HandlerFunc{
			"POST /domains":   simkit.List(func(all []Domain) error { s.Hold(all...); return nil }),
			"POST /transfers": simkit.List(func(all []Transfer) error { s.Transfer(all...); return nil }),
			"POST /deletions": simkit.List(func(all []Deletion) error { s.Delete(all...); return nil }),
		},
	}, simkit.Options{
		PageCap: opt.PageCap, RatePerSecond: opt.RatePerSecond, Burst: opt.Burst, Latency: opt.Latency, Clock: opt.Clock,
	})
	return s
}

// State is what GET /_sim/state shows.
type State struct {
	Domains []Domain `json:"domains"`
	simkit.Counts
	Violations []simkit.Violation `json:"violations"`
}

func (s *Server) state(*http.Request) any {
	return State{Domains: s.Domains(), Counts: s.Counts(), Violations: s.Violations()}
}

// knows checks the signature over the very bytes of the message.
func (s *Server) knows(r *http.Request) bool {
	body, err := simkit.Body(r)
	if err != nil {
		return false
	}
	signature := hexMD5(hexMD5(string(body)+s.opt.Key) + s.opt.Key)
	return r.Header.Get("X-Username") == s.opt.Username &&
		subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Signature")), []byte(signature)) == 1
}

func hexMD5(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// route finds the call by what is inside the message: there is only one path.
func (s *Server) route(r *http.Request) (string, func() simkit.Answer) {
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		return "", nil
	}
	body, err := simkit.Body(r)
	if err != nil {
		return "", nil
	}
	message, err := wire.Decode(body)
	if err != nil || r.Header.Get("Content-Type") != "text/xml" {
		return "unreadable", func() simkit.Answer { return s.refuse(400, "Cannot parse the request") }
	}
	name, serve := s.command(message)
	return name, func() simkit.Answer {
		if s.connections.count(r.RemoteAddr) > s.opt.PerConnection {
			s.Violate("too_many_on_connection", name)
			return s.refuse(350, "Too many commands on one connection")
		}
		if serve == nil {
			return s.refuse(430, "Invalid command")
		}
		return serve(message.At("attributes"))
	}
}

// command is the call that a message asks for. A look-up and a change are named after what they are about.
func (s *Server) command(message wire.Value) (name string, serve func(wire.Value) simkit.Answer) {
	name = strings.ToLower(message.At("action").Text)
	switch name {
	case "get":
		name += "_" + message.At("attributes", "type").Text
	case "modify":
		name += "_" + message.At("attributes", "data").Text
	}
	if !strings.EqualFold(message.At("object").Text, "domain") || message.At("protocol").Text != "XCP" {
		return name, nil
	}
	return name, map[string]func(wire.Value) simkit.Answer{
		"get_domains_by_expiredate":  s.listDomains,
		"get_all_info":               s.allInfo,
		"get_whois_privacy_state":    s.privacyState,
		"belongs_to_rsp":             s.belongs,
		"modify_expire_action":       s.setExpireAction,
		"modify_whois_privacy_state": s.setPrivacyState,
		"check_transfer":             s.checkTransfer,
		"get_transfers_in":           s.transfersIn,
		"get_transfers_away":         s.transfersAway,
		"get_deleted_domains":        s.deletedDomains,
	}[name]
}
