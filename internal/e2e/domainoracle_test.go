package e2e

import (
	"database/sql"
	"html"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// holding is one domain as tbldomains holds it, nothing decoded.
type holding struct {
	ID                           int64
	Domain, Registrar            string
	Status, Expiry, Due, Invoice string // dates as text, "" for NULL
	Stays                        bool   // it is not renewed by itself
	Hidden                       bool   // ID protection
	Billed                       bool   // an open invoice is out for the due date
}

func readHoldings(t *testing.T, db *sql.DB) []holding {
	t.Helper()
	var all []holding
	scan(t, db, `SELECT id, domain, registrar, CAST(status AS CHAR), COALESCE(CAST(expirydate AS CHAR), ''), CAST(nextduedate AS CHAR),
		CAST(nextinvoicedate AS CHAR), donotrenew, idprotection, EXISTS (SELECT 1 FROM tblinvoiceitems i JOIN tblinvoices v ON v.id = i.invoiceid
			WHERE i.type = 'Domain' AND i.relid = d.id AND i.duedate = d.nextduedate AND v.status = 'Unpaid')
		FROM tbldomains d ORDER BY id`, func(s *sql.Rows) error {
		var h holding
		err := s.Scan(&h.ID, &h.Domain, &h.Registrar, &h.Status, &h.Expiry, &h.Due, &h.Invoice, &h.Stays, &h.Hidden, &h.Billed)
		all = append(all, h)
		return err
	})
	return all
}

// nameOf is the oracle's idea of the name that a text means; "" when it means none.
func nameOf(stored string) string {
	name, err := strictDomain.ToASCII(strings.TrimSpace(html.UnescapeString(stored)))
	if err != nil || !strings.Contains(name, ".") {
		return ""
	}
	return name
}

// claim is what the registrar says of one name, in the oracle's words.
type claim struct {
	state       string // alive, hold, overdue, redemption, deleted, waiting, failed, strange
	until       string // day; "" = not told, odd = cannot be one
	grace, last string // with deleted: until when it can be renewed, and restored
	renews      string // on, off, "" = not told
	hides       string // the same; of a name that is hidden or not
	unhideable  bool   // it can neither be hidden nor shown
	unswitched  bool   // the registrar refuses to switch it
}

const odd = "odd"

// rules are the settings that matter to what follows.
type rules struct {
	registrar string
	today     string
	follow    bool // the due date follows the expiry
	days      int  // that lie between the two
	transfers bool // pending transfers are followed by a sync of their own
	renewal   bool // auto-renew can be switched
}

// verdict is what a pass must make of one row.
type verdict struct {
	row           holding
	renew, hide   string // what is switched at the registrar; "" = nothing
	trouble       bool   // there is an open failure
	aside         bool   // because a row of the same name counts that is not looked at
	worse, leaped bool   // the status gets worse; the expiry date moves far
}

// followed are the statuses that are looked at.
var followed = []string{"Active", "Pending Registration", "Pending Transfer", "Grace", "Redemption", "Expired"}

func (r rules) ours(h holding) bool {
	return strings.EqualFold(strings.TrimSpace(h.Registrar), r.registrar) && slices.Contains(followed, h.Status)
}

// next judges all rows. One name has one row that counts.
func (r rules) next(rows []holding, claims map[string]claim) map[int64]verdict {
	byName, everywhere := map[string][]holding{}, map[string][]holding{}
	for _, h := range rows {
		everywhere[nameOf(h.Domain)] = append(everywhere[nameOf(h.Domain)], h)
		if r.ours(h) {
			byName[nameOf(h.Domain)] = append(byName[nameOf(h.Domain)], h)
		}
	}
	verdicts := map[int64]verdict{}
	for name, same := range byName {
		first := slices.MinFunc(same, before)
		for _, h := range same {
			c, held := claims[name]
			switch {
			case name == "" || h.ID != first.ID:
				verdicts[h.ID] = verdict{row: h, trouble: true}
			case !held:
				verdicts[h.ID] = verdict{row: h, trouble: slices.Contains([]string{"Active", "Grace", "Redemption"}, h.Status)}
			default:
				v := r.judge(h, c)
				if changes := v.row != h || v.renew+v.hide != ""; changes && slices.MinFunc(everywhere[name], before).ID != h.ID {
					v = verdict{row: h, trouble: true, aside: true} // one that we do not look at counts
				}
				verdicts[h.ID] = v
			}
		}
	}
	return verdicts
}

// before orders rows of one name: those that are Active first, of equals the newest.
func before(a, b holding) int {
	switch active := "Active"; {
	case a.Status == active && b.Status != active:
		return -1
	case a.Status != active && b.Status == active:
		return 1
	}
	return int(b.ID - a.ID)
}

func (r rules) judge(h holding, c claim) verdict {
	v := verdict{row: h}
	if c.state == "strange" || c.state == "failed" {
		v.trouble = true
		return v
	}
	v.row.Status = r.status(h.Status, c)
	v.worse = worsened(h.Status, v.row.Status)
	if c.state != "deleted" && c.state != "waiting" {
		v.setExpiry(h, c, r.today)
	}
	r.setDue(&v)
	if c.state == "alive" && v.row.Status == "Active" {
		v.setSwitches(h, c, r.renewal)
	}
	return v
}

// aging is a life from its begin to its end.
var aging = []string{"Active", "Grace", "Redemption", "Expired"}

func worsened(from, to string) bool {
	return from != to && slices.Contains(aging, from) && slices.Index(aging, to) > slices.Index(aging, from)
}

func (r rules) status(now string, c claim) string {
	if !slices.Contains(aging, now) {
		live := c.state == "alive" || c.state == "hold"
		if live && (now == "Pending Registration" || now == "Pending Transfer" && !r.transfers) {
			return "Active"
		}
		return now
	}
	switch c.state {
	case "alive", "hold":
		if r.possible(c.until) && c.until >= r.today {
			return "Active"
		}
	case "overdue":
		if now == "Active" {
			return "Grace"
		}
	case "redemption":
		return "Redemption"
	case "deleted":
		switch {
		case c.grace == "" && c.last == "":
			return now
		case c.grace >= r.today:
			return "Grace"
		case c.last >= r.today:
			return "Redemption"
		}
		return "Expired"
	}
	return now
}

// possible days are from 1990 to 30 years ahead.
func (r rules) possible(day string) bool {
	return day != odd && day >= "1990-01-01" && day <= dayAfter(r.today, 30*365)
}

func (v *verdict) setExpiry(h holding, c claim, today string) {
	switch {
	case c.until == "":
	case !(rules{today: today}).possible(c.until):
		v.trouble = true
	default:
		v.row.Expiry = c.until
		if isDay(h.Expiry) {
			moved := daysBetween(h.Expiry, c.until)
			v.leaped = moved < 0 || moved > 400
		}
	}
}

// setDue lets both days of the bill follow, unless the bill is out or the difference is more than 100 days.
func (r rules) setDue(v *verdict) {
	h := &v.row
	if !r.follow || h.Status != "Active" || !isDay(h.Expiry) {
		return
	}
	due := dayAfter(h.Expiry, -r.days)
	if isDay(h.Due) {
		moved := daysBetween(h.Due, due)
		if moved == 0 || moved > 100 || moved < -100 || h.Billed || h.Invoice > h.Due {
			return
		}
	}
	h.Due, h.Invoice = due, due
}

func (v *verdict) setSwitches(h holding, c claim, renewal bool) {
	if want := onOff(!h.Stays); renewal && c.renews != "" && c.renews != want {
		v.renew = want
	}
	want := onOff(h.Hidden)
	switch {
	case c.unhideable && c.hides != "on", c.hides == "", c.hides == want:
	case c.unswitched:
		v.trouble = true
	default:
		v.hide = want
	}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// isDay says whether a stored text is a day of the calendar.
func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil && !strings.HasPrefix(text, "0000")
}

func dayAfter(day string, days int) string {
	at, _ := time.Parse(time.DateOnly, day)
	return at.AddDate(0, 0, days).Format(time.DateOnly)
}

func daysBetween(from, to string) int {
	a, _ := time.Parse(time.DateOnly, from)
	b, _ := time.Parse(time.DateOnly, to)
	return int(b.Sub(a).Hours() / 24)
}

// troubled are the ids with an open failure, in order.
func troubled(verdicts map[int64]verdict) []int64 {
	var ids []int64
	for _, id := range slices.Sorted(maps.Keys(verdicts)) {
		if verdicts[id].trouble {
			ids = append(ids, id)
		}
	}
	return ids
}
