package clientsync

import (
	"slices"

	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Person is everybody in WHMCS who has one address: usually one client, sometimes several, or none any more.
type Person struct {
	Email   string
	Clients []whmcs.Client // by id; empty when nobody has the address any more
	LastID  int64          // the client that had it last, when there are none
	Left    Reason         // Moved or Gone, when there are none
}

// Lead is the id of the client that speaks for the person: one with a selected status before others, then the lowest id.
func (p Person) Lead(statuses []whmcs.ClientStatus) int64 {
	if len(p.Clients) == 0 {
		return p.LastID
	}
	return p.Clients[p.leadIndex(statuses)].ID
}

// Owner is the lowest id: the batch that holds it handles the person, so that no two batches do.
func (p Person) Owner() int64 {
	if len(p.Clients) == 0 {
		return p.LastID
	}
	return p.Clients[0].ID
}

func (p Person) leadIndex(statuses []whmcs.ClientStatus) int {
	best := 0
	for i, client := range p.Clients {
		if rank(client, statuses) < rank(p.Clients[best], statuses) {
			best = i
		}
	}
	return best
}

// rank orders clients of one person: selected statuses first, and of those the active before the inactive before the closed.
func rank(c whmcs.Client, statuses []whmcs.ClientStatus) int {
	order := []whmcs.ClientStatus{whmcs.ClientActive, whmcs.ClientInactive, whmcs.ClientClosed}
	at := slices.Index(order, c.Status)
	if at < 0 {
		at = len(order)
	}
	if !slices.Contains(statuses, c.Status) {
		at += len(order) + 1
	}
	return at
}

// IDs are the ids of the person's clients.
func (p Person) IDs() []int64 {
	ids := make([]int64, len(p.Clients))
	for i, client := range p.Clients {
		ids[i] = client.ID
	}
	return ids
}
