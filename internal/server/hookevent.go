package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

const (
	hookVersion = 1
	maxHookIDs  = 1000
	maxHookID   = 1<<31 - 1 // the ids of WHMCS are signed 32-bit numbers
)

// hookEvent is what a WHMCS install tells us: which clients and domains to look at, never what is in them. Keys it does
// not know are left alone, so that a newer hook file still speaks to an older server; an older one sends no domains.
type hookEvent struct {
	V       int     `json:"v"`
	Event   string  `json:"event"`
	Clients []int64 `json:"clients"`
	Domains []int64 `json:"domains"`
}

// known says that the event concerns clients or domains. The last of each stands for several events of one request.
func (e hookEvent) known() bool {
	switch e.Event {
	case "ClientAdd", "ClientEdit", "ClientClose", "ClientDelete", "PreDeleteClient", "AfterClientMerge", "ClientsChanged",
		"DomainEdit", "DomainDelete", "DomainTransferCompleted", "DomainTransferFailed", "AfterRegistrarRegistration",
		"AfterRegistrarRenewal", "AfterRegistrarTransfer", "ClientAreaPageDomainDetails", "DomainsChanged":
		return true
	}
	return false
}

// decodeHook reads a body whose signature was right. The ids come out sorted, each once. An event that is not known
// needs no ids, and has none.
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
		return hookEvent{V: event.V, Event: event.Event}, nil
	}
	return event, event.tidy()
}

func (e *hookEvent) tidy() (err error) {
	if n := len(e.Clients) + len(e.Domains); n == 0 || n > maxHookIDs {
		return fmt.Errorf("clients and domains must hold 1 to %d ids", maxHookIDs)
	}
	if e.Clients, err = tidyIDs("client", e.Clients); err != nil {
		return err
	}
	e.Domains, err = tidyIDs("domain", e.Domains)
	return err
}

func tidyIDs(what string, ids []int64) ([]int64, error) {
	for _, id := range ids {
		if id < 1 || id > maxHookID {
			return nil, fmt.Errorf("%d is no %s id", id, what)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}
