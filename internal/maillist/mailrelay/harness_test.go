package mailrelay_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
)

const apiKey = "k3y/with+odd=signs"

func startSim(t testing.TB, opt sim.Options) *sim.Server {
	t.Helper()
	opt.APIKey = apiKey
	server := sim.New(opt)
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func open(t testing.TB, server *sim.Server, cfg mailrelay.Config) *mailrelay.Account {
	t.Helper()
	cfg.Account, cfg.APIKey, cfg.BaseURL = "news", apiKey, server.URL()
	account, err := mailrelay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(account.Close)
	return account
}

// other plays the people of a simulated account.
type other struct{ sim *sim.Server }

func (o other) Seed(entries ...maillist.Entry) {
	for _, e := range entries {
		p := sim.Person{ID: e.ID, Email: e.Email, Status: string(e.Status), Attributes: e.Attributes, Fields: e.Fields}
		for _, g := range e.Groups {
			p.Groups = append(p.Groups, int64(g))
		}
		switch e.Suppression {
		case maillist.Complained:
			p.ReportedSpam = true
		case maillist.Banned:
			p.LocalBan = true
		case maillist.Unsubscribed:
			p.Unsubscribed = true
		case maillist.Bounced:
			p.Bounced = true
		case maillist.Deleted:
			p.Deleted = true
		}
		o.sim.Seed(p)
	}
}

func (o other) Remove(emails ...string) { o.sim.Remove(emails...) }

func (o other) Holds(email string) (maillist.Entry, bool) {
	p, ok := o.sim.Person(email)
	if !ok {
		return maillist.Entry{}, false
	}
	e := maillist.Entry{
		ID: p.ID, Email: p.Email, Status: maillist.Status(p.Status), Groups: []maillist.GroupID{}, GroupsKnown: true,
		Suppression: why(p),
	}
	if len(p.Attributes) > 0 {
		e.Attributes = p.Attributes
	}
	if len(p.Fields) > 0 {
		e.Fields = p.Fields
	}
	for _, g := range p.Groups {
		e.Groups = append(e.Groups, maillist.GroupID(g))
	}
	return e, true
}

func why(p sim.Person) maillist.Suppression {
	switch {
	case p.Deleted:
		return maillist.Deleted
	case p.ReportedSpam:
		return maillist.Complained
	case p.LocalBan, p.GlobalBan:
		return maillist.Banned
	case p.Unsubscribed:
		return maillist.Unsubscribed
	case p.Bounced:
		return maillist.Bounced
	default:
		return maillist.NotSuppressed
	}
}

func (o other) Writes(email string) int {
	p, _ := o.sim.Person(email)
	return p.Writes
}
