package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

const (
	hookVersion   = 1
	maxHookIDs    = 1000
	maxHookClient = 1<<31 - 1 // tblclients.id is a signed 32-bit number
)

// hookEvent is what a WHMCS install tells us: which clients to look at, never what is in them. Keys it does not know
// are left alone, so that a newer hook file still speaks to an older server.
type hookEvent struct {
	V       int     `json:"v"`
	Event   string  `json:"event"`
	Clients []int64 `json:"clients"`
}

// known says that the event concerns clients. ClientsChanged stands for several events of one request.
func (e hookEvent) known() bool {
	switch e.Event {
	case "ClientAdd", "ClientEdit", "ClientClose", "ClientDelete", "PreDeleteClient", "AfterClientMerge", "ClientsChanged":
		return true
	}
	return false
}

// decodeHook reads a body whose signature was right. The ids come out sorted, each once. An event that is not known
// needs no ids.
func decodeHook(body []byte) (hookEvent, error) {
	var event hookEvent
	if err := json.Unmarshal(body, &event); err != nil {
		return hookEvent{}, errors.New(`the body must be JSON like {"v":1,"event":"ClientEdit","clients":[12]}`)
	}
	if event.V != hookVersion {
		return hookEvent{}, fmt.Errorf("version %d is not understood, only %d", event.V, hookVersion)
	}
	if event.Event == "" {
		return hookEvent{}, errors.New("the event is missing")
	}
	if !event.known() {
		return event, nil
	}
	return event, event.tidyClients()
}

func (e *hookEvent) tidyClients() error {
	if len(e.Clients) == 0 || len(e.Clients) > maxHookIDs {
		return fmt.Errorf("clients must hold 1 to %d ids", maxHookIDs)
	}
	for _, id := range e.Clients {
		if id < 1 || id > maxHookClient {
			return fmt.Errorf("%d is no client id", id)
		}
	}
	slices.Sort(e.Clients)
	e.Clients = slices.Compact(e.Clients)
	return nil
}
