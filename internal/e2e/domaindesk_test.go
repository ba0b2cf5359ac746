package e2e

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/whmcsync/whmcsync/internal/registrar/openprovider/sim"
	"github.com/whmcsync/whmcsync/internal/simkit"
)

// openprovider is an account at Openprovider.
type openprovider struct{ *sim.Server }

func openOpenprovider(options sim.Options) (openprovider, desk) {
	options.Username, options.Password = "e2e", "e2e-password"
	at := openprovider{sim.New(options)}
	return at, desk{
		office: at, account: "type: openprovider\nusername: e2e\npassword: e2e-password", registry: "openprovider",
		changes: "change_", lists: "list_domains", claims: at.claims, switched: at.switched,
	}
}

// seed brings the account into being: of each row that is followed, in one of many conditions, and of strangers.
func (at openprovider) seed(rows []holding, r rules) {
	seen := map[string]bool{}
	n := 0
	for _, h := range rows {
		name := nameOf(h.Domain)
		if !r.ours(h) || name == "" || seen[name] {
			continue
		}
		seen[name] = true
		at.Seed(at.portray(h, spelled(name, n), r.today, n)...)
		n++
	}
	for i := range 20 {
		at.Seed(sim.Domain{Name: fmt.Sprintf("stranger-%d.com", i), Status: "ACT", Renewal: dayAfter(r.today, 9) + " 00:00:00"})
	}
}

// spelled is every second name in Unicode.
func spelled(name string, n int) string {
	if unicode, err := idna.ToUnicode(name); err == nil && n%2 == 1 {
		return unicode
	}
	return name
}

func clock(day string) string { return day + " 12:34:56" }

// alike is the account's row that agrees with one of WHMCS.
func alike(h holding, name, today string) sim.Domain {
	until := h.Expiry
	if !isDay(until) {
		until = dayAfter(today, 200)
	}
	d := sim.Domain{Name: name, Status: "ACT", Type: "NEW", Renewal: clock(until), Expiration: clock(until), AutoRenew: onOff(!h.Stays)}
	d.Privacy, d.PrivacyAllowed = new(h.Hidden), new(true)
	if h.Status == "Grace" || h.Status == "Redemption" {
		d.Status, d.SoftUntil, d.HardUntil = "DEL", clock(dayAfter(today, -5)), clock(dayAfter(today, 20))
	}
	return d
}

// portray is a row's name at the registrar, in one of 50 conditions; most of them agree.
func (at openprovider) portray(h holding, name, today string, n int) []sim.Domain {
	d := alike(h, name, today)
	until, _, _ := strings.Cut(d.Renewal, " ")
	renewed := func(days int) { d.Renewal = clock(dayAfter(until, days)) }
	switch n % 50 {
	case 1:
		d.Status, d.Renewal = "ACT", clock(dayAfter(max(until, today), 365))
	case 2:
		d.Status, d.SoftUntil, d.HardUntil = "DEL", clock(dayAfter(today, 10)), clock(dayAfter(today, 40))
	case 3:
		d.Status, d.SoftUntil, d.HardUntil = "DEL", clock(dayAfter(today, -10)), clock(dayAfter(today, 30))
	case 4:
		d.Status, d.SoftUntil, d.HardUntil = "DEL", clock(dayAfter(today, -40)), clock(dayAfter(today, -10))
	case 5:
		d.Status = "REQ"
	case 6:
		d.Status, d.Type = "PEN", "TRANSFER"
	case 7:
		d.Status = "SCH"
	case 8:
		d.Status = "FAI"
	case 9:
		d.Status = "XYZ"
	case 10: // it is not there, and nobody knows why
		return nil
	case 11:
		d.Status, d.Deleted, d.Queue = "DEL", true, "transferOut"
	case 12, 13:
		d.AutoRenew = onOff(h.Stays)
	case 14, 15:
		d.Privacy = new(!h.Hidden)
	case 16:
		d.AutoRenew, d.Privacy = onOff(h.Stays), new(!h.Hidden)
	case 17:
		d.Renewal = "1899-12-30 00:00:00"
	case 18:
		d.Renewal = "0000-00-00 00:00:00"
	case 19:
		renewed(60 * 365)
	case 20:
		d.Privacy, d.PrivacyAllowed = new(false), new(false)
	case 21: // an older life of the same name
		return []sim.Domain{{Name: name, Status: "FAI", Type: "TRANSFER"}, d}
	case 22:
		d.Status = "RRQ"
	case 23:
		d.Status, d.Type = "PEN", "TRADE"
	case 24:
		d.AutoRenew = "default"
	case 25:
		renewed(-100)
	case 26:
		renewed(3 * 365)
	case 27:
		renewed(-20)
	case 28:
		d.Renewal = ""
	case 29:
		d.AutoRenew, d.Privacy, d.PrivacyAllowed = "", nil, nil
	case 30:
		d.Status = "ACT"
	case 31: // not the domain is lost, but its day
		d.Renewal, d.Expiration = "", ""
	}
	return []sim.Domain{d}
}

// claims reads the live rows of the account; of several of one name the one that is furthest on counts.
func (at openprovider) claims() map[string]claim {
	best := map[string]sim.Domain{}
	weight := func(d sim.Domain) int { return slices.Index([]string{"FAI", "DEL", "other", "ACT"}, usual(d.Status)) }
	for _, d := range at.Domains() {
		name := nameOf(d.Name)
		if other, seen := best[name]; !d.Deleted && (!seen || weight(d) >= weight(other)) {
			best[name] = d
		}
	}
	claims := map[string]claim{}
	for name, d := range best {
		claims[name] = claimOf(d)
	}
	return claims
}

func usual(status string) string {
	if slices.Contains([]string{"FAI", "DEL", "ACT"}, status) {
		return status
	}
	return "other"
}

func claimOf(d sim.Domain) claim {
	c := claim{state: "strange", until: dayOf(d.Renewal), grace: dayOf(d.SoftUntil), last: dayOf(d.HardUntil), renews: d.AutoRenew}
	if c.until == "" {
		c.until = dayOf(d.Expiration)
	}
	switch d.Status {
	case "ACT":
		c.state = "alive"
	case "DEL":
		c.state = "deleted"
	case "FAI":
		c.state = "failed"
	case "REQ", "PEN", "SCH", "RRQ":
		c.state = "waiting"
	}
	if d.Type == "TRADE" && d.Status == "PEN" {
		c.state = "strange"
	}
	if d.AutoRenew == "default" {
		c.renews = "on"
	}
	if d.Privacy != nil {
		c.hides = onOff(*d.Privacy)
	}
	c.unhideable = d.PrivacyAllowed != nil && !*d.PrivacyAllowed
	return c
}

// dayOf is the day of a time as the account prints it.
func dayOf(text string) string {
	day, _, _ := strings.Cut(text, " ")
	if day == "" || isDay(day) && day >= "1990" {
		return day
	}
	return odd
}

func (at openprovider) switched() map[string]int {
	writes := map[string]int{}
	for _, d := range at.Domains() {
		if d.Writes > 0 {
			writes[nameOf(d.Name)] += d.Writes
		}
	}
	return writes
}

// counted is how often calls with a prefix were made.
func counted(counts simkit.Counts, prefix string) (n int64) {
	for call, times := range counts.Calls {
		if strings.HasPrefix(call, prefix) {
			n += times
		}
	}
	return n
}
