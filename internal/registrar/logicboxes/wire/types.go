package wire

import (
	"encoding/json"
	"errors"
	"strconv"
)

// Order is a domain in a listing. The order's auth code is not among the members: it must not get in here.
type Order struct {
	ID        Text `json:"orders.orderid"`
	Name      Text `json:"entity.description"`
	Status    Text `json:"entity.currentstatus"`
	EndTime   Text `json:"orders.endtime"`           // epoch seconds
	AutoRenew Text `json:"orders.autorenew"`         // true or false
	Privacy   Text `json:"orders.privacyprotection"` // true, false or na
}

// Orders is one page of a listing, in the answer's order. Total is how many orders match in all.
type Orders struct {
	Total int
	Rows  []Order
}

// UnmarshalJSON insists on recsindb: an answer without it is no listing, and must not pass for an empty one.
func (o *Orders) UnmarshalJSON(raw []byte) error {
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(raw, &answer); err != nil {
		return err
	}
	var told bool
	if o.Total, told = total(answer); !told {
		return errors.New("a list without its recsindb")
	}
	var err error
	o.Rows, err = rows[Order](answer)
	return err
}

// Details are what a look-up tells of one order. The answer also holds the domain's auth code, which has no place here.
type Details struct {
	OrderID        Text `json:"orderid"`
	EntityID       Text `json:"entityid"` // the same number; older brands tell this one only
	Name           Text `json:"domainname"`
	Status         Text `json:"currentstatus"`
	EndTime        Text `json:"endtime"`   // epoch seconds
	AutoRenew      Text `json:"recurring"` // true or false
	Privacy        Text `json:"isprivacyprotected"`
	PrivacyAllowed Text `json:"privacyprotectedallowed"`
	ActionType     Text `json:"actiontype"` // of the action that is running
}

// ID is the order's number, under whichever name it came.
func (d Details) ID() string {
	if d.OrderID != "" {
		return string(d.OrderID)
	}
	return string(d.EntityID)
}

// Action is one thing that is being done, or was done, to an order.
type Action struct {
	ID         Text `json:"eaqid"`
	OrderID    Text `json:"entityid"`
	Type       Text `json:"actiontype"`
	TypeDesc   Text `json:"actiontypedesc"`
	Status     Text `json:"actionstatus"`
	StatusDesc Text `json:"actionstatusdesc"`
	Completed  Text `json:"actioncompleted"` // epoch seconds
}

// Actions are one page of actions, in the answer's order. Total is how many match in all; 0 = not told.
type Actions struct {
	Total int
	Rows  []Action
}

// UnmarshalJSON takes the numbered members.
func (a *Actions) UnmarshalJSON(raw []byte) error {
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(raw, &answer); err != nil {
		return err
	}
	a.Total, _ = total(answer)
	var err error
	a.Rows, err = rows[Action](answer)
	return err
}

// total is how many records there are in all. ok is false where that is not told.
func total(answer map[string]json.RawMessage) (n int, ok bool) {
	var told Text
	_ = told.UnmarshalJSON(append(answer["recsindb"], ' ')) // never fails; the blank stands for a missing member
	n, err := strconv.Atoi(string(told))
	if err != nil || n < 0 {
		return 0, false
	}
	return n, true
}

// Done is how a write ended.
type Done struct {
	Status     Text `json:"actionstatus"`
	StatusDesc Text `json:"actionstatusdesc"`
	InvoiceID  Text `json:"invoiceid"`
	Amount     Text `json:"sellingamount"`
	Currency   Text `json:"sellingcurrencysymbol"`
}
