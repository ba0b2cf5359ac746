package domainsync

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/whmcsync/whmcsync/internal/civil"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/registrar"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Fields of changes.
const (
	FieldStatus      = "status"
	FieldExpiry      = "expiry"
	FieldNextDue     = "next_due"
	FieldNextInvoice = "next_invoice"
	FieldAutoRenew   = "auto_renew"
	FieldPrivacy     = "id_protection"
)

// Evidence is what is known of a name outside WHMCS at this moment.
type Evidence struct {
	Known     bool // false: nobody looked
	Live      bool // it was looked up just now; otherwise it was listed at the begin of the run
	Old       bool // the listing was begun too long ago, or before the record was last settled: nothing is written upon it
	Domain    *registrar.Domain
	Transfer  *registrar.Transfer
	Departure *registrar.Departure // why it is not there, when somebody said so
	Testimony *registrar.Testimony // what a witness says
}

// untold says that a name was listed without a word on where it stands: some registrars tell that in look-ups only.
func (e Evidence) untold() bool {
	return !e.Live && e.Domain != nil && e.Domain.Status == registrar.Unknown && e.Domain.Raw == ""
}

// Memo is what is remembered of a record from one look to the next.
type Memo struct {
	Absent   *Absence          `json:"absent,omitempty"`
	Settings string            `json:"settings,omitempty"` // the settings of WHMCS that were last brought to the registrar
	Rejected map[string]string `json:"rejected,omitempty"` // by field, what the registrar does not take
	Noticed  map[string]string `json:"noticed,omitempty"`  // by field, what was reported and left alone
	Pending  time.Time         `json:"pending,omitzero"`   // when a transfer was first seen pending: its age counts from here
	Waits    string            `json:"waits,omitempty"`    // what the registrar said of it at the newest look
	Renewal  *Renewal          `json:"renewal,omitempty"`  // asked for after a transfer
}

// Act is what is to be done about one record.
type Act string

// The acts.
const (
	Nothing Act = "nothing"
	Look    Act = "look"   // a live look is needed before anything is decided
	Settle  Act = "settle" // carry the changes out, if any, and remember
)

// Input is all that a decision rests on.
type Input struct {
	Row   whmcs.Domain
	Name  registrar.Name
	Seen  Evidence
	Memo  Memo
	Today civil.Date // where WHMCS is
	Now   time.Time
}

// Trouble is a record that cannot be settled, in words.
type Trouble struct {
	Class   fault.Class
	Message string
}

// Decision is what to do about one record, as a value: it can be printed, stored and compared.
type Decision struct {
	Input
	Act      Act
	Changes  []state.Change
	Notices  []state.Change // seen and left alone, each for a reason
	Trouble  *Trouble
	After    Memo
	Pardoned []byte // refused wishes that are over
	Skip     string // why there is nothing to do, for the counts; "" = it is as it should be
}

// Reasons to leave a record alone whose trouble goes on.
const (
	skipAbsent   = "not_at_registrar" // it was looked for not long ago
	skipRejected = "settings_refused" // the registrar does not take what WHMCS wants
)

// stands says that the trouble that was reported goes on, though it was not met again.
func (d *Decision) stands() bool { return d.Skip == skipAbsent || d.Skip == skipRejected }

// Decide compares one domain of WHMCS with what the registrar says. It is pure; ask again with better evidence when it
// says Look.
func (p Policy) Decide(in Input) Decision {
	in.Seen = in.Seen.ofThisLife(in.Row)
	d := Decision{Input: in, Act: Settle, After: in.Memo}
	switch {
	case p.Transfers && in.Row.Status == whmcs.DomainPendingTransfer:
		d.Skip = "left_to_transfers"
	case !in.Seen.Known, in.Seen.untold():
		d.Act = Look
	case p.gone(in):
		p.decideGone(&d)
	default:
		p.decideHeld(&d, *in.Seen.Domain)
	}
	return d.concluded()
}

// decideHeld is for a name that the account holds.
func (p Policy) decideHeld(d *Decision, held registrar.Domain) {
	d.After.Absent = nil
	after := d.Row.Values()
	if !p.status(d, held, &after) {
		return
	}
	p.expiry(d, held, &after)
	p.due(d, &after)
	d.add(after)
	p.settings(d, held, after.Status)
}

// expiry takes the registrar's date over, if it can be one.
func (p Policy) expiry(d *Decision, held registrar.Domain, after *whmcs.DomainValues) {
	if p.Leads.Expiry != LedByRegistrar || !dated(held.Status) {
		return
	}
	date := p.Expiry.leading(held.Dates)
	switch {
	case date.Day.IsZero() && date.Text == "":
	case date.Day.IsZero():
		d.trouble(fault.Refused, "the registrar's expiry date %q cannot be read; it was not written", date.Text)
	case !possible(date.Day, d.Today):
		d.trouble(fault.Refused, "the registrar's expiry date %s cannot be right; it was not written", date.Day)
	default:
		after.Expiry = date.Day
	}
}

// dated says whether a name in this status has an expiry date that means something.
func dated(s registrar.Status) bool {
	switch s {
	case registrar.Active, registrar.Suspended, registrar.Overdue, registrar.Grace, registrar.Redemption:
		return true
	default:
		return false
	}
}

// possible says whether a day may be written into a billing system.
func possible(day, today civil.Date) bool {
	latest := civil.Date{Year: today.Year + yearsAhead, Month: today.Month, Day: 1}
	return !day.Before(earliest) && !day.After(latest)
}

// add plans what turns the row into after. The parts belong together: when one of them is destructive all are.
func (d *Decision) add(after whmcs.DomainValues) {
	before := d.Row.Values()
	destructive := worse(before.Status, after.Status) || doubtful(before.Expiry, after.Expiry)
	d.change(FieldStatus, string(before.Status), string(after.Status), destructive)
	d.change(FieldExpiry, orRaw(before.Expiry, d.Row.RawExpiry), after.Expiry.String(), destructive)
	d.change(FieldNextDue, before.NextDue.String(), after.NextDue.String(), destructive)
	d.change(FieldNextInvoice, before.NextInvoice.String(), after.NextInvoice.String(), destructive)
}

// doubtful says whether an expiry date moves as no renewal moves it: back, or further ahead. One day back is enough: for one
// domain that is a correction, for all of them it is a wrong rule of time zones, and clients are billed too early.
func doubtful(from, to civil.Date) bool {
	if from.IsZero() || to.IsZero() {
		return false
	}
	days := to.DaysSince(from)
	return days < 0 || days > forwardAtMost
}

// orRaw shows what stood there when that is no date, so that a change says what it replaces.
func orRaw(day civil.Date, raw string) string {
	if day.IsZero() {
		return raw
	}
	return day.String()
}

// change plans one field of WHMCS. An empty value is never written.
func (d *Decision) change(field, from, to string, destructive bool) {
	if from == to || to == "" {
		return
	}
	d.Changes = append(d.Changes, d.newChange(field, from, to, state.SideSource, destructive))
}

func (d *Decision) newChange(field, from, to string, side state.Side, destructive bool) state.Change {
	return state.Change{
		RecordID: d.Row.ID, Key: string(d.Name), Field: field, Old: from, New: to, Side: side, State: state.ChangePlanned,
		Destructive: destructive, Wish: wish(field, to),
	}
}

// notice reports a difference that is left alone, once for each value.
func (d *Decision) notice(field, from, to, format string, args ...any) {
	noticed := map[string]string{}
	for k, v := range d.After.Noticed {
		noticed[k] = v
	}
	if noticed[field] == to {
		return
	}
	noticed[field] = to
	d.After.Noticed = noticed
	c := d.newChange(field, from, to, state.SideSource, false)
	c.State, c.Reason = state.ChangeNoticed, fmt.Sprintf(format, args...)
	d.Notices = append(d.Notices, c)
}

// trouble notes why the record cannot be settled; the first reason stays.
func (d *Decision) trouble(class fault.Class, format string, args ...any) {
	if d.Trouble == nil {
		d.Trouble = &Trouble{class, fmt.Sprintf(format, args...)}
	}
}

// worsens says whether a change of the plan should be believed only upon a live look.
func (d *Decision) worsens() bool {
	for _, c := range d.Changes {
		if c.Destructive && c.Side == state.SideSource {
			return true
		}
	}
	return false
}

// concluded asks for a Look where what was listed is not enough for a change, drops what a Look makes void, and says
// Nothing where nothing is left to do or to remember.
func (d Decision) concluded() Decision {
	if !d.Seen.Live && (d.worsens() || d.Seen.Old && len(d.Changes) > 0) {
		d.Act = Look
	}
	if d.Act == Look {
		d.Changes, d.Notices, d.Trouble, d.After = nil, nil, nil, d.Memo
		return d
	}
	if len(d.Changes)+len(d.Notices)+len(d.Pardoned) == 0 && d.Trouble == nil && d.After.equal(d.Memo) {
		d.Act = Nothing
	}
	return d
}

func (m Memo) equal(other Memo) bool { return string(m.encode()) == string(other.encode()) }

// encode writes a memo as it is stored; nil when there is nothing to remember.
func (m Memo) encode() []byte {
	raw, err := json.Marshal(m)
	if err != nil || string(raw) == "{}" {
		return nil
	}
	return raw
}
