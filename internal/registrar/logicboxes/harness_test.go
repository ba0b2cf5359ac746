package logicboxes_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes"
	"github.com/whmcsync/whmcsync/internal/registrar/logicboxes/sim"
)

const (
	userID = "8472911"
	apiKey = "k3y/with+odd=signs"

	authCode = "aUTH-c0de!" // of every order of the simulator
)

func startSim(t testing.TB, opt sim.Options) *sim.Server {
	t.Helper()
	opt.UserID, opt.Key = userID, apiKey
	server := sim.New(opt)
	if err := server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func open(t testing.TB, server *sim.Server, cfg logicboxes.Config) *logicboxes.Account {
	t.Helper()
	cfg.Account, cfg.UserID, cfg.APIKey, cfg.BaseURL = "rc", userID, apiKey, server.URL()
	account, err := logicboxes.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(account.Close)
	return account
}

// setup is a fresh account with what it asks.
func setup(t testing.TB, opt sim.Options) (*logicboxes.Account, *sim.Server) {
	t.Helper()
	server := startSim(t, opt)
	return open(t, server, logicboxes.Config{PageSize: 10}), server
}

// other plays the registrar's side of a simulated account.
type other struct{ sim *sim.Server }

var words = map[registrar.Status]string{
	registrar.Active: "Active", registrar.Suspended: "Suspended", registrar.Redemption: "Pending Delete Restorable",
	registrar.PendingTransfer: "InActive", registrar.PendingRegistration: "InActive",
}

var waitingFor = map[registrar.Status]string{
	registrar.PendingTransfer: "AddTransferDomain", registrar.PendingRegistration: "AddNewDomain",
}

var flags = map[registrar.Tri]string{registrar.On: "true", registrar.Off: "false"}

func (o other) Hold(domains ...registrar.Domain) {
	for _, d := range domains {
		word, known := words[d.Status]
		if !known {
			word = d.Raw
		}
		privacy := flags[d.Privacy]
		if d.PrivacyAllowed == registrar.Off {
			privacy = "na"
		}
		o.sim.Seed(sim.Order{
			Name: string(d.Name), Status: word, EndTime: epoch(d.Dates.Expiration), AutoRenew: flags[d.AutoRenew], Privacy: privacy,
			ActionType: waitingFor[d.Status],
		})
	}
}

// epoch is half an hour before the day's end in UTC.
func epoch(d registrar.Date) string {
	if d.Day.IsZero() {
		return d.Text
	}
	return strconv.FormatInt(d.Day.Time().Add(23*time.Hour+30*time.Minute).Unix(), 10)
}

func (o other) Remove(names ...registrar.Name) {
	for _, name := range names {
		o.sim.Remove(string(name))
	}
}

var leavings = map[registrar.Status]string{registrar.TransferredAway: "TransferAwayDomain", registrar.Deleted: "DelDomain"}

func (o other) Depart(name registrar.Name, how registrar.Departure) {
	order, _ := o.sim.Order(string(name))
	id := o.sim.Seed(sim.Order{ID: order.ID, Name: string(name), Status: "Deleted"})[0]
	if leavings[how.Status] != "" {
		o.sim.Act(sim.Action{
			Order: id, Archived: true, Type: leavings[how.Status], Status: "Success", Completed: epoch(registrar.Date{Day: how.Day}),
		})
	}
}

func (o other) Transferring(transfers ...registrar.Transfer) {
	for _, t := range transfers {
		order := sim.Order{Name: string(t.Name), Status: "InActive", ActionType: "AddTransferDomain", Privacy: "false", AutoRenew: "false"}
		action := sim.Action{Type: "AddTransferDomain", Archived: true, Status: t.Raw, StatusDesc: t.Reason}
		switch t.State {
		case registrar.TransferPending:
			action.Archived = false
		case registrar.TransferCompleted:
			order, _ = o.sim.Order(string(t.Name))
			order.EndTime, action.Status = epoch(t.Dates.Expiration), "Success"
		case registrar.TransferFailed:
			held, _ := o.sim.Order(string(t.Name))
			order.ID, order.Status, action.Status = held.ID, "Deleted", "Failed"
		}
		action.Order = o.sim.Seed(order)[0]
		o.sim.Act(action)
	}
}

func (o other) Holds(name registrar.Name) (registrar.Domain, bool) {
	order, ok := o.sim.Order(string(name))
	if !ok {
		return registrar.Domain{}, false
	}
	d := registrar.Domain{
		Name: registrar.Name(order.Name), ID: strconv.FormatInt(order.ID, 10), Status: registrar.Unknown, Raw: order.Status,
		AutoRenew: registrar.TriOf(order.AutoRenew == "true"), Privacy: registrar.TriOf(order.Privacy == "true"),
		PrivacyAllowed: registrar.TriOf(order.Privacy != "na"),
	}
	for status, word := range words {
		if word == order.Status && waitingFor[status] == order.ActionType {
			d.Status = status
		}
	}
	d.Dates.Expiration = registrar.Date{Text: order.EndTime}
	if seconds, err := strconv.ParseInt(order.EndTime, 10, 64); err == nil && seconds > 1e9 {
		d.Dates.Expiration = registrar.Date{Day: civil.Of(time.Unix(seconds, 0).UTC())}
	}
	return d, true
}

func (o other) Writes(name registrar.Name) int {
	order, _ := o.sim.Order(string(name))
	return order.Writes
}
