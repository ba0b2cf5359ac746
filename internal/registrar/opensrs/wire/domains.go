package wire

import (
	"context"
	"fmt"
	"strconv"

	"github.com/whmcsync/whmcsync/internal/fault"
)

// Span selects domains by the day on which they expire, first and last included, as YYYY-MM-DD.
type Span struct{ From, To string }

// Pages select a slice of a list. Page 0 is sent as well: whether it or page 1 is the first is not sure.
type Pages struct{ Page, Limit int }

// Listed is one row of the list of domains.
type Listed struct {
	Name, Expiry         string
	AutoRenew, LetExpire string // Y or N
}

// Listing is one page of the list of domains.
type Listing struct {
	Domains []Listed
	Total   int
	More    bool // the answer says that there are more
}

// Domains lists by day of expiry.
func (c Client) Domains(ctx context.Context, span Span, p Pages) (Listing, error) {
	return c.domains(ctx, "list domains (page "+strconv.Itoa(p.Page)+")", "list_domains", map[string]string{
		"exp_from": span.From, "exp_to": span.To, "limit": strconv.Itoa(p.Limit), "page": strconv.Itoa(p.Page),
	})
}

// Count asks for a single domain, and so for how many there are.
func (c Client) Count(ctx context.Context, span Span) (int, error) {
	listing, err := c.domains(ctx, "check", "check", map[string]string{"exp_from": span.From, "exp_to": span.To, "limit": "1"})
	return listing.Total, err
}

func (c Client) domains(ctx context.Context, op, call string, attributes map[string]string) (Listing, error) {
	reply, err := c.send(ctx, command{
		op: op, call: call, action: "get_domains_by_expiredate", attributes: attributes, missing: fault.Protocol,
	})
	if err != nil {
		return Listing{}, err
	}
	total, err := strconv.Atoi(reply.Attributes.At("total").Text)
	if err != nil || total < 0 {
		return Listing{}, c.odd(op, "an answer without a total")
	}
	listing := Listing{Total: total, More: reply.Attributes.At("remainder").Text == "1"}
	for _, row := range reply.Attributes.At("exp_domains").Items() {
		listing.Domains = append(listing.Domains, Listed{
			Name: row.At("name").Text, Expiry: row.At("expiredate").Text,
			AutoRenew: row.At("f_auto_renew").Text, LetExpire: row.At("f_let_expire").Text,
		})
	}
	return listing, nil
}

// Domain is what the answer to all_info says beside contacts and name servers.
type Domain struct {
	Expiry, RegistryExpiry string
	AutoRenew, LetExpire   string // 1 or 0
	Sponsor                string // 0 when another reseller has it
}

// Domain looks one name up. fault.NotFound when the account does not hold it, or only in redemption.
func (c Client) Domain(ctx context.Context, name string) (Domain, error) {
	op := "look up " + name
	info, err := c.get(ctx, op, name, "all_info")
	if err != nil {
		return Domain{}, err
	}
	if len(info.Map) == 0 {
		return Domain{}, c.odd(op, "an answer that says nothing")
	}
	return Domain{
		Expiry: info.At("expiredate").Text, RegistryExpiry: info.At("registry_expiredate").Text,
		AutoRenew: info.At("auto_renew").Text, LetExpire: info.At("let_expire").Text, Sponsor: info.At("sponsoring_rsp").Text,
	}, nil
}

// Privacy is how WHOIS privacy stands.
type Privacy struct {
	State      string // enabled, disabled, enabling, disabling
	Changeable string
}

// Privacy looks WHOIS privacy up.
func (c Client) Privacy(ctx context.Context, name string) (Privacy, error) {
	info, err := c.get(ctx, "look up privacy of "+name, name, "whois_privacy_state")
	return Privacy{State: info.At("state").Text, Changeable: info.At("changeable").Text}, err
}

func (c Client) get(ctx context.Context, op, name, kind string) (Value, error) {
	reply, err := c.send(ctx, command{
		op: op, call: "get_" + kind, action: "get", attributes: map[string]string{"domain": name, "type": kind}, missing: fault.NotFound,
	})
	return reply.Attributes, err
}

// Belonging says whether the account holds a name.
type Belonging struct {
	Ours   bool
	Expiry string
}

// Belongs asks whether the account holds a name, whatever its state.
func (c Client) Belongs(ctx context.Context, name string) (Belonging, error) {
	op := "ask whether the account holds " + name
	reply, err := c.send(ctx, command{
		op: op, call: "belongs_to_rsp", action: "belongs_to_rsp", attributes: map[string]string{"domain": name}, missing: fault.Rejected,
	})
	if err != nil {
		return Belonging{}, err
	}
	switch reply.Attributes.At("belongs_to_rsp").Text {
	case "1":
		return Belonging{Ours: true, Expiry: reply.Attributes.At("domain_expdate").Text}, nil
	case "0":
		return Belonging{}, nil
	default:
		return Belonging{}, c.odd(op, "an answer that says neither yes nor no")
	}
}

// SetExpireAction says what happens on the day of expiry: a renewal, or nothing but the usual reminders.
func (c Client) SetExpireAction(ctx context.Context, name string, renew bool) (Reply, error) {
	flag := "0"
	if renew {
		flag = "1"
	}
	return c.modify(ctx, "set auto-renew of "+name, name, map[string]string{
		"data": "expire_action", "auto_renew": flag, "let_expire": "0",
	})
}

// SetPrivacy switches WHOIS privacy.
func (c Client) SetPrivacy(ctx context.Context, name string, on bool) (Reply, error) {
	state := "disable"
	if on {
		state = "enable"
	}
	return c.modify(ctx, "set privacy of "+name, name, map[string]string{"data": "whois_privacy_state", "state": state})
}

// modify looks into the details as well: an answer that went well may hold a refusal of the one name that it is about.
func (c Client) modify(ctx context.Context, op, name string, attributes map[string]string) (Reply, error) {
	call := "set_" + attributes["data"]
	attributes["domain"], attributes["affect_domains"] = name, "0"
	reply, err := c.send(ctx, command{op: op, call: call, action: "modify", attributes: attributes, missing: fault.Rejected})
	if err != nil {
		return Reply{}, err
	}
	for _, detail := range reply.Attributes.At("details").Map {
		if detail.At("is_success").Text == "0" {
			return Reply{}, fault.New(fault.Rejected, c.HTTP.Account, op, "%w", refusal(detail))
		}
	}
	return reply, nil
}

func refusal(detail Value) error {
	return fmt.Errorf("code %.10s: %.200q", detail.At("response_code").Text, detail.At("response_text").Text)
}
