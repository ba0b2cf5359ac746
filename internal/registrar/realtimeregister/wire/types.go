package wire

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Domain is what is asked for of a domain. Its auth code and its contacts are never asked for, and have no place here.
type Domain struct {
	Name      Text  `json:"domainName"`
	Expiry    Text  `json:"expiryDate"` // RFC 3339, UTC
	Status    Texts `json:"status"`
	AutoRenew Flag  `json:"autoRenew"`
	Privacy   Flag  `json:"privacyProtect"`
}

// Extension is what a registry's rules are, as far as they matter here.
type Extension struct {
	Also     Texts    `json:"applicableFor"` // extensions with the same rules
	Metadata Metadata `json:"metadata"`
}

// Metadata are the rules.
type Metadata struct {
	ExpiryOffset Text  `json:"expiryDateOffset"` // seconds before the expiry by which a name must be renewed; "" = none
	Features     Texts `json:"featuresAvailable"`
}

// Transfer is the latest transfer of a name, in or out.
type Transfer struct {
	Name      Text `json:"domainName"`
	Status    Text `json:"status"`
	Direction Text `json:"type"` // IN or OUT
	ProcessID Text `json:"processId"`
	Log       Logs `json:"log"`
}

// Log is one step of a transfer.
type Log struct {
	Date    Text `json:"date"`
	Status  Text `json:"status"`
	Message Text `json:"message"`
}

// Logs are the steps of a transfer. One alone is a list, too: the published clients differ. All else is none.
type Logs []Log

// UnmarshalJSON never fails.
func (l *Logs) UnmarshalJSON(raw []byte) error {
	var list []Log
	var one Log
	switch {
	case json.Unmarshal(raw, &list) == nil:
		*l = list
	case json.Unmarshal(raw, &one) == nil:
		*l = Logs{one}
	}
	return nil
}

// Process is something that was, or is being, done in the account.
type Process struct {
	ID      Text `json:"id"`
	Subject Text `json:"identifier"` // of a domain's process, its name
	Kind    Text `json:"type"`
	Action  Text `json:"action"`
	Status  Text `json:"status"`
	Created Text `json:"createdDate"`
	Updated Text `json:"updatedDate"`
}

// Total is how many rows there are in all; Told is false when the answer does not say.
type Total struct {
	Told bool
	N    int
}

// Domains are one page of the list, or all of it.
type Domains struct {
	Rows  []Domain
	Total Total
}

// UnmarshalJSON insists on a list.
func (d *Domains) UnmarshalJSON(raw []byte) error {
	return list(raw, &d.Rows, &d.Total)
}

// Processes are one page of the list of processes.
type Processes struct {
	Rows  []Process
	Total Total
}

// UnmarshalJSON insists on a list.
func (p *Processes) UnmarshalJSON(raw []byte) error {
	return list(raw, &p.Rows, &p.Total)
}

// list reads an envelope. One without entities is no list, and must not pass for an empty one.
func list(raw []byte, rows any, total *Total) error {
	var answer struct {
		Entities   json.RawMessage `json:"entities"`
		Pagination struct {
			Total *int `json:"total"`
		} `json:"pagination"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return err
	}
	if len(answer.Entities) == 0 || answer.Entities[0] != '[' {
		return errors.New("a list without its entities")
	}
	if n := answer.Pagination.Total; n != nil {
		*total = Total{true, *n}
	}
	if total.N < 0 {
		return fmt.Errorf("a list of %d", total.N)
	}
	return json.Unmarshal(answer.Entities, rows)
}
