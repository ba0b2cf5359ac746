package domainsync

import (
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// settings compares auto-renew and ID protection, where the registrar tells them. One that a listing does not tell is
// looked up when WHMCS wants it on, or has changed its mind since it was last brought over.
func (p Policy) settings(d *Decision, held registrar.Domain, status whmcs.DomainStatus) {
	if held.Status != registrar.Active || status != whmcs.DomainActive {
		return
	}
	wanted := p.wantedSettings(d.Row)
	d.After.Rejected = nil
	privacy := held.Privacy
	if held.PrivacyAllowed == registrar.Off && privacy != registrar.On {
		privacy = registrar.TriOf(d.Row.IDProtection) // there is nothing to switch
	}
	renews, hides := !d.Row.DoNotRenew, d.Row.IDProtection
	toldRenew := p.setting(d, FieldAutoRenew, p.Leads.AutoRenew, renews, held.AutoRenew)
	toldPrivacy := p.setting(d, FieldPrivacy, p.Leads.Privacy, hides, privacy)
	switch {
	case toldRenew && toldPrivacy && !d.Seen.Live:
		d.After.Settings = "" // the listing tells: there is nothing to remember
	case !d.Seen.Live && d.Memo.Settings == "" && (toldRenew || !renews) && (toldPrivacy || !hides):
		// Never brought over, and off is what it is anyway.
	default:
		d.After.Settings = wanted
		if d.Memo.Settings != wanted && !d.Seen.Live {
			d.Act = Look
		}
	}
}

// setting plans one setting. False: the registrar has not told it.
func (p Policy) setting(d *Decision, field string, leader Leader, inWHMCS bool, told registrar.Tri) bool {
	at := told == registrar.On
	switch {
	case leader == LedByNobody:
	case told != registrar.NotTold && at == inWHMCS:
		d.forget(field)
	case leader == LedByWHMCS && d.Memo.Rejected[field] == onOff(inWHMCS):
		d.reject(field, onOff(inWHMCS))
		d.Skip = skipRejected
	case told == registrar.NotTold:
		return false
	case leader == LedByWHMCS:
		d.Changes = append(d.Changes, d.newChange(field, onOff(at), onOff(inWHMCS), state.SideAccount, true))
	case leader == LedByRegistrar:
		// What is switched off here is no longer billed or no longer hidden: it goes through the guard.
		d.change(field, onOff(inWHMCS), onOff(at), true)
	}
	return true
}

// reject remembers that the registrar does not take a setting.
func (d *Decision) reject(field, value string) {
	rejected := map[string]string{field: value}
	for k, v := range d.After.Rejected {
		if k != field {
			rejected[k] = v
		}
	}
	d.After.Rejected = rejected
}

// wantedSettings are the settings of WHMCS that are to be brought to the registrar, as one word; "" when none are.
func (p Policy) wantedSettings(row whmcs.Domain) string {
	word := ""
	if p.Leads.AutoRenew == LedByWHMCS {
		word += FieldAutoRenew + " " + onOff(!row.DoNotRenew) + " "
	}
	if p.Leads.Privacy == LedByWHMCS {
		word += FieldPrivacy + " " + onOff(row.IDProtection)
	}
	return word
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
