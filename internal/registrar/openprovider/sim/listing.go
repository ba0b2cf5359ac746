package sim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

const (
	defaultLimit = 100
	largestLimit = 1000
)

// selection is what a list's query asks for.
type selection struct {
	limit, offset int
	name          string
	status        string
	queue         string
	deleted       bool
	order         string // of ids; "" = none was asked for
}

var queues = []string{"new", "trade", "transfer", "transferOut", "renew"}

func (s *Server) list(r *http.Request) simkit.Answer {
	sel := selection{limit: defaultLimit}
	for name, values := range r.URL.Query() {
		if code := sel.choose(name, strings.Join(values, ",")); code != 0 {
			s.Violate("parameter", name)
			return failed(code, "Wrong parameter: "+name)
		}
	}
	s.shelf.mu.RLock()
	defer s.shelf.mu.RUnlock()
	found := s.matching(sel)
	rows := make([]any, 0, sel.limit)
	first := min(sel.offset, len(found))
	for _, d := range found[first:min(first+s.PageSize(sel.limit), len(found))] {
		rows = append(rows, row(d))
	}
	if len(rows) == 0 {
		rows = nil // the real one says null
	}
	return succeeded(map[string]any{"results": rows, "total": len(found)})
}

// choose takes one parameter; the code is of what is wrong with it.
func (sel *selection) choose(name, value string) (code int) {
	var err error
	switch name {
	case "limit":
		sel.limit, err = strconv.Atoi(value)
		if sel.limit < 1 || sel.limit > largestLimit {
			return codeFormat
		}
	case "offset":
		sel.offset, err = strconv.Atoi(value)
		if sel.offset < 0 {
			return codeFormat
		}
	case "is_deleted":
		sel.deleted, err = strconv.ParseBool(value)
	case "full_name":
		sel.name = value
	case "status":
		sel.status = value
	case "queue_status":
		sel.queue = value
		if !slices.Contains(queues, value) {
			return codeFormat
		}
	case "order_by.id":
		sel.order = value
		if value != "asc" && value != "desc" {
			return codeOrder
		}
	default:
		return codeFormat
	}
	if err != nil {
		return codeFormat
	}
	return 0
}

// matching is in the order asked for. Who asks for none has no right to one: the newest come first.
func (s *Server) matching(sel selection) []*Domain {
	found := *s.shelf.list(sel.deleted)
	if sel.name != "" || sel.status != "" || sel.queue != "" {
		found = slices.DeleteFunc(slices.Clone(found), func(d *Domain) bool { return !s.fits(d, sel) })
	}
	if sel.order != "asc" || s.opt.Unsorted {
		found = slices.Clone(found)
		slices.Reverse(found)
	}
	return found
}

func (s *Server) fits(d *Domain, sel selection) bool {
	named := strings.EqualFold(d.Name, sel.name)
	if s.opt.Loose {
		named = strings.Contains(strings.ToLower(d.Name), strings.ToLower(sel.name))
	}
	return (sel.name == "" || named) && (sel.status == "" || strings.EqualFold(d.Status, sel.status)) &&
		(sel.queue == "" || s.opt.IgnoresQueue || d.Queue == sel.queue)
}

func (s *Server) get(id int64) simkit.Answer {
	s.shelf.mu.RLock()
	defer s.shelf.mu.RUnlock()
	d := s.shelf.byID(id)
	if d == nil {
		return failed(codeAbsent, "The domain is not in your account; please transfer it to your account first.")
	}
	return succeeded(row(d))
}

// change is a PUT: it takes what whmcsync may write, and nothing else.
func (s *Server) change(r *http.Request, id int64) simkit.Answer {
	var to struct {
		AutoRenew *string `json:"autorenew"`
		Privacy   *bool   `json:"is_private_whois_enabled"`
	}
	if err := decode(r, &to); err != nil {
		s.Violate("body", err.Error())
		return failed(codeFormat, "Wrong parameters")
	}
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock()
	d := s.shelf.byID(id)
	switch {
	case d == nil:
		return failed(codeAbsent, "The domain is not in your account; please transfer it to your account first.")
	case to.AutoRenew != nil && !slices.Contains([]string{"on", "off", "default"}, *to.AutoRenew):
		return failed(codeRenewal, "Wrong auto-renew value")
	case to.Privacy != nil && d.PrivacyAllowed != nil && !*d.PrivacyAllowed:
		return failed(codePrivacy, "WHOIS privacy is not supported for this extension")
	}
	before := *d
	if to.AutoRenew != nil {
		d.AutoRenew = *to.AutoRenew
	}
	if to.Privacy != nil {
		d.Privacy = to.Privacy
	}
	d.Writes++
	if same(before, *d) {
		return s.changed(d, s.opt.Unchanged)
	}
	return s.changed(d, 0)
}

func same(a, b Domain) bool {
	return a.AutoRenew == b.AutoRenew && (a.Privacy != nil) == (b.Privacy != nil) && (a.Privacy == nil || *a.Privacy == *b.Privacy)
}
