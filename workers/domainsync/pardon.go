package domainsync

import (
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// pardoned are the refused wishes that are over: both sides agree on their field by now, so whatever is wanted of it next is a
// wish of its own. Without this a customer who turns auto-renew off again, months after a person has refused it once,
// would never be heard.
func (d Decision) pardoned(refused []byte) []byte {
	if len(refused) == 0 || d.Act == Look || d.Seen.Domain == nil || d.Seen.Old {
		return nil
	}
	var over []byte
	for field, values := range d.agreed() {
		for _, value := range values {
			if w := wish(field, value); state.Refuses(refused, w) {
				over = append(over, w...)
			}
		}
	}
	return over
}

// agreed are the fields on which both sides agree, with the values that each can have.
func (d Decision) agreed() map[string][]string {
	held, agreed := *d.Seen.Domain, map[string][]string{}
	if d.Row.Status == whmcs.DomainActive && held.Status == registrar.Active {
		for _, status := range whmcs.DomainStatuses() {
			agreed[FieldStatus] = append(agreed[FieldStatus], string(status))
		}
	}
	if held.AutoRenew == registrar.TriOf(!d.Row.DoNotRenew) {
		agreed[FieldAutoRenew] = []string{"on", "off"}
	}
	if held.Privacy == registrar.TriOf(d.Row.IDProtection) {
		agreed[FieldPrivacy] = []string{"on", "off"}
	}
	return agreed
}
