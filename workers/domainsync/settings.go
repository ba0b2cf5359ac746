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
	if wanted == d.Memo.Rejected && wanted != "" {
		d.Skip = "settings_refused"
		return
	}
	d.After.Rejected = ""
	privacy := held.Privacy
	if held.PrivacyAllowed == registrar.Off && privacy != registrar.On {
		privacy = registrar.TriOf(d.Row.IDProtection) // there is nothing to switch
	}
	renews, hides := !d.Row.DoNotRenew, d.Row.IDProtection
	toldRenew := p.setting(d, FieldAutoRenew, p.Leads.AutoRenew, renews, held.AutoRenew)
	toldPrivacy := p.setting(d, FieldPrivacy, p.Leads.Privacy, hides, privacy)
	switch {
	case toldRenew && toldPrivacy:
		d.After.Settings = ""
	case d.Memo.Settings == "" && (toldRenew || !renews) && (toldPrivacy || !hides):
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
	case told == registrar.NotTold:
		return false
	case at == inWHMCS:
	case leader == LedByWHMCS:
		d.Changes = append(d.Changes, d.newChange(field, onOff(at), onOff(inWHMCS), state.SideAccount, true))
	case leader == LedByRegistrar:
		d.Changes = append(d.Changes, d.newChange(field, onOff(inWHMCS), onOff(at), state.SideSource, false))
	}
	return true
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
