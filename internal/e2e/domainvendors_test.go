package e2e

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	logicboxes "github.com/whmcsync/whmcsync/internal/registrar/logicboxes/sim"
	namecheap "github.com/whmcsync/whmcsync/internal/registrar/namecheap/sim"
	opensrs "github.com/whmcsync/whmcsync/internal/registrar/opensrs/sim"
	realtimeregister "github.com/whmcsync/whmcsync/internal/registrar/realtimeregister/sim"
	"github.com/whmcsync/whmcsync/internal/simkit"
)

// branch is a registrar's simulator that can be filled from the rows of WHMCS.
type branch struct {
	desk desk
	seed func(h holding, name, until string, n int) // one name, in one of ten conditions
	// renewal says that auto-renew can be switched, and pages is how many calls list 300 names; beside them, a pass may make
	// others.
	renewal bool
	pages   int64
	beside  int64
}

func TestEveryRegistrarKeepsItsDomainsInStep(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func() branch{
		"logicboxes": openLogicBoxes, "opensrs": openOpenSRS, "namecheap": openNamecheap, "realtimeregister": openRealtimeRegister,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open()
			e := newEstate(t, b.desk, plot{domains: 300, due: 10})
			e.rules.renewal, e.untold = b.renewal, b.beside
			e.awkward()
			e.fill(b)
			for _, c := range b.desk.claims() {
				if c.state == "waiting" {
					e.untold++
				}
			}
			e.staff()
			f := e.foresee()
			for _, v := range f.verdicts {
				if v.aside { // it is looked at before it is found that another row counts
					e.untold++
				}
			}
			e.fulfilled(e.pass(false), f)
			t.Logf("the first pass over %d names wrote %d values and made the calls %v", len(f.verdicts), e.entries(), b.desk.Counts().Calls)
			if e.entries() < 100 || len(f.switched) < 10 || len(f.trouble) < 10 {
				t.Errorf("%d values written, %d names switched, %d rows in trouble: too little is shown", e.entries(), len(f.switched), len(f.trouble))
			}
			e.restful(f, b.pages)
		})
	}
}

// fill seeds the account with each name once.
func (e *estate) fill(b branch) {
	e.t.Helper()
	seen := map[string]bool{}
	for _, h := range readHoldings(e.t, e.whmcs) {
		name := nameOf(h.Domain)
		if !e.rules.ours(h) || name == "" || seen[name] {
			continue
		}
		seen[name] = true
		until := h.Expiry
		if !isDay(until) || until < e.rules.today {
			until = dayAfter(e.rules.today, 200)
		}
		n := len(seen)
		switch n % 10 {
		case 1:
			until = dayAfter(until, 365)
		case 2:
			until = dayAfter(until, -20)
		case 3:
			until = dayAfter(until, 3*365)
		}
		b.seed(h, spelled(name, n), until, n)
	}
}

func openLogicBoxes() branch {
	at := logicboxes.New(logicboxes.Options{UserID: "100200", Key: "e2e-key"})
	return branch{
		desk: logicBoxesDesk(at),
		seed: func(h holding, name, until string, n int) {
			o := logicboxes.Order{Name: name, EndTime: epoch(until), AutoRenew: strconv.FormatBool(!h.Stays), Privacy: strconv.FormatBool(h.Hidden)}
			switch n % 10 {
			case 4:
				o.Status = "Pending Delete Restorable"
			case 5:
				o.Status = "Suspended"
			case 6:
				o.Status = "Deleted"
			case 7:
				o.Privacy = strconv.FormatBool(!h.Hidden)
			case 8:
				o.Privacy = "na"
			case 9:
				o.EndTime = "-1"
			}
			switch n % 40 {
			case 0:
				o.Status = "Something New"
			case 15: // what it waits for is told by a look-up only
				o.Status, o.ActionType = "InActive", "AddNewDomain"
			}
			at.Seed(o)
		},
		pages: 1,
	}
}

func logicBoxesDesk(at *logicboxes.Server) desk {
	return desk{
		office: at, account: "type: logicboxes\nusername: \"100200\"\napi_key: e2e-key", registry: "resellerclub",
		changes: "set_", lists: "search_orders",
		claims: func() map[string]claim {
			claims := map[string]claim{}
			for _, o := range at.State().Orders {
				if o.Status != "Deleted" {
					claims[nameOf(o.Name)] = ordered(o)
				}
			}
			return claims
		},
		switched: func() map[string]int {
			return tallied(at.State().Orders, func(o logicboxes.Order) (string, int) { return o.Name, o.Writes })
		},
	}
}

// epoch is late in a day, so that a zone of the machine's own would show.
func epoch(day string) string {
	at, _ := time.Parse(time.DateTime, day+" 23:30:00")
	return strconv.FormatInt(at.Unix(), 10)
}

func ordered(o logicboxes.Order) claim {
	c := claim{state: "strange", until: odd, hides: onOff(o.Privacy == "true"), unhideable: o.Privacy == "na"}
	if seconds, err := strconv.ParseInt(o.EndTime, 10, 64); err == nil && seconds > 0 {
		c.until = time.Unix(seconds, 0).UTC().Format(time.DateOnly)
	}
	switch o.Status {
	case "Active":
		c.state = "alive"
	case "Suspended":
		c.state = "hold"
	case "InActive":
		c.state = "waiting"
	case "Pending Delete Restorable":
		c.state = "redemption"
	}
	return c
}

// tallied counts what was written, by name.
func tallied[T any](all []T, of func(T) (name string, writes int)) map[string]int {
	writes := map[string]int{}
	for _, one := range all {
		if name, n := of(one); n > 0 {
			writes[nameOf(name)] += n
		}
	}
	return writes
}

// openOpenSRS is an account whose list tells no privacy: it is looked up where WHMCS wants it on.
func openOpenSRS() branch {
	at := opensrs.New(opensrs.Options{Username: "e2e", Key: "e2e-key"})
	return branch{
		desk: desk{
			office: at, account: "type: opensrs\nusername: e2e\napi_key: e2e-key", registry: "opensrs",
			changes: "modify_", lists: "get_domains_by_expiredate",
			claims: func() map[string]claim {
				claims := map[string]claim{}
				for _, d := range at.Domains() {
					c := claim{state: "alive", until: dayOf(d.Expiry), renews: onOff(d.AutoRenew), hides: onOff(strings.HasPrefix(d.Privacy, "enabl"))}
					c.unhideable = d.Changeable == "0"
					claims[nameOf(d.Name)] = c
				}
				return claims
			},
			switched: func() map[string]int {
				return tallied(at.Domains(), func(d opensrs.Domain) (string, int) { return d.Name, d.Writes })
			},
		},
		seed: func(h holding, name, until string, n int) {
			d := opensrs.Domain{Name: name, Expiry: clock(until), AutoRenew: !h.Stays, Privacy: map[bool]string{true: "enabled", false: "disabled"}[h.Hidden]}
			switch n % 10 {
			case 4, 5:
				d.AutoRenew = h.Stays
			case 6:
				return // it is not there, and nobody knows why
			case 7:
				d.Privacy = "disabled"
			case 8:
				d.Privacy, d.Changeable = "disabled", "0"
			case 9:
				d.Expiry = "0000-00-00 00:00:00"
			}
			at.Hold(d)
		},
		renewal: true, pages: 1,
	}
}

// openNamecheap is an account that switches privacy only where a subscription is there.
func openNamecheap() branch {
	at := namecheap.New(namecheap.Options{Options: simkit.Options{}, APIUser: "e2e", APIKey: "e2e-key", ClientIP: "127.0.0.1"})
	return branch{
		desk: desk{
			office: at, account: "type: namecheap\nusername: e2e\napi_key: e2e-key\nclient_ip: 127.0.0.1", registry: "namecheap",
			changes: "enable_", lists: "list_domains",
			claims: func() map[string]claim {
				claims := map[string]claim{}
				for _, d := range at.State().Domains {
					claims[nameOf(d.Name)] = shown(d)
				}
				return claims
			},
			switched: func() map[string]int {
				return tallied(at.State().Domains, func(d namecheap.Domain) (string, int) { return d.Name, d.Writes })
			},
		},
		seed: func(h holding, name, until string, n int) {
			d := namecheap.Domain{
				Name: name, Status: "Ok", Expires: american(until), ForwardTo: "owner@example.net",
				Privacy: map[bool]string{true: "ENABLED", false: "DISABLED"}[h.Hidden],
			}
			switch n % 10 {
			case 4:
				d.Status = "Expired"
			case 5:
				d.Status = "Locked"
			case 6:
				return
			case 7:
				d.Privacy = map[bool]string{true: "ENABLED", false: "DISABLED"}[!h.Hidden]
			case 8:
				d.Privacy = "NOTPRESENT"
			case 9:
				d.Expires = "00/00/0000"
			}
			if n%40 == 0 {
				d.Status = "Something New"
			}
			at.Hold(d)
		},
		pages: 4,
	}
}

func american(day string) string {
	at, _ := time.Parse(time.DateOnly, day)
	return at.Format("01/02/2006")
}

func shown(d namecheap.Domain) claim {
	c := claim{state: "strange", until: odd, hides: onOff(d.Privacy == "ENABLED"), unswitched: d.Privacy == "NOTPRESENT"}
	if at, err := time.Parse("01/02/2006", d.Expires); err == nil {
		c.until = at.Format(time.DateOnly)
	}
	switch d.Status {
	case "Ok", "Locked":
		c.state = "alive"
	case "Expired":
		c.state = "overdue"
	}
	return c
}

// Of the extensions at Realtime Register some have to be renewed two days before they expire, some at the day, and of one
// nobody tells the rules.
var (
	early    = []string{"com", "net", "org", "es", "de", "nl", "eu"}
	onTheDay = []string{"co.uk", "org.uk", "uk.com", "com.br", "co.jp", "gov.co.uk", "xn--p1ai", "xn--fiqs8s"}
)

const (
	earlier = 2 // days
	unruled = "io"
)

// openRealtimeRegister is an account whose list is an export, with words in place of one status. A worker asks once for the
// rules of each group of extensions, of which there are three.
func openRealtimeRegister() branch {
	at := realtimeregister.New(realtimeregister.Options{APIKey: "e2e-key"})
	for _, extension := range early {
		at.Describe(realtimeregister.Extension{Name: extension, Offset: earlier * 24 * 60 * 60, Features: []string{"PRIVACY_PROTECT"}, Also: early})
	}
	for _, extension := range onTheDay {
		at.Describe(realtimeregister.Extension{Name: extension, Features: []string{"PRIVACY_PROTECT"}, Also: onTheDay})
	}
	at.Describe(realtimeregister.Extension{Name: unruled, Missing: true})
	return branch{
		desk: desk{
			office: at, account: "type: realtimeregister\napi_key: e2e-key", registry: "realtimeregister",
			changes: "update_", lists: "export_domains",
			claims: func() map[string]claim {
				claims := map[string]claim{}
				for _, d := range at.State().Domains {
					claims[nameOf(d.Name)] = registered(d)
				}
				return claims
			},
			switched: func() map[string]int {
				return tallied(at.State().Domains, func(d realtimeregister.Domain) (string, int) { return d.Name, d.Writes })
			},
		},
		seed: func(h holding, name, until string, n int) {
			d := realtimeregister.Domain{Name: nameOf(name), AutoRenew: !h.Stays, Privacy: h.Hidden}
			if _, extension, _ := strings.Cut(d.Name, "."); slices.Contains(early, extension) {
				until = dayAfter(until, earlier)
			}
			d.Expiry = until + "T23:30:00Z"
			switch n % 10 {
			case 4:
				d.Status = []string{"PENDING_DELETE", "REDEMPTION_PERIOD"}
			case 5:
				d.AutoRenew = h.Stays
			case 6:
				return
			case 7:
				d.Privacy = !h.Hidden
			case 8:
				d.Privacy, d.Status = false, []string{"OK", "PRIVACY_PROTECT_PROHIBITED"}
			case 9:
				d.Expiry = "1969-12-31T23:59:59Z"
			}
			switch n % 40 {
			case 0:
				d.Status = []string{"OK", "SOMETHING_NEW"}
			case 15:
				d.Status = []string{"CLIENT_TRANSFER_PROHIBITED", "SERVER_HOLD"}
			case 25:
				d.Status = []string{"AUTO_RENEW_PERIOD", "EXPIRED"}
			case 35:
				d.Status = []string{"PENDING_DELETE"}
			}
			at.Hold(d)
		},
		renewal: true, pages: 1, beside: 3,
	}
}

func registered(d realtimeregister.Domain) claim {
	c := claim{state: "alive", until: odd, renews: onOff(d.AutoRenew), hides: onOff(d.Privacy)}
	has := func(word string) bool { return slices.Contains(d.Status, word) }
	switch {
	case has("SOMETHING_NEW"):
		c.state = "strange"
	case has("REDEMPTION_PERIOD"):
		c.state = "redemption"
	case has("PENDING_DELETE"):
		c.state, c.last = "deleted", "1990-01-01" // nothing brings it back any more
	case has("EXPIRED"):
		c.state = "overdue"
	case has("SERVER_HOLD"):
		c.state = "hold"
	}
	c.unhideable = has("PRIVACY_PROTECT_PROHIBITED")
	_, extension, _ := strings.Cut(d.Name, ".")
	if day, _, _ := strings.Cut(d.Expiry, "T"); day >= "1990" && extension != unruled {
		c.until = day
		if slices.Contains(early, extension) {
			c.until = dayAfter(day, -earlier)
		}
	}
	return c
}
