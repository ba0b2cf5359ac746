package sim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

func (s *Server) listLive(r *http.Request, _ int64) simkit.Answer { return s.listPeople(r, false) }

func (s *Server) listDeleted(r *http.Request, _ int64) simkit.Answer { return s.listPeople(r, true) }

// selection is a listing's query, checked.
type selection struct {
	page, perPage int
	groups        bool
	email, part   string
	status        string
	afterID       int64
	descending    bool
}

func (s *Server) listPeople(r *http.Request, deleted bool) simkit.Answer {
	sel, problem := s.selection(r.URL.Query())
	if problem != "" {
		return simkit.Failed(http.StatusBadRequest, problem)
	}
	s.people.mu.RLock()
	defer s.people.mu.RUnlock()
	found := s.people.selected(sel, *s.people.list(deleted))
	first := min((sel.page-1)*sel.perPage, len(found))
	page := found[first:min(first+sel.perPage, len(found))]
	a := simkit.Answer{Status: http.StatusOK, Body: renderList(page, sel.groups && !s.opt.HideGroups)}
	a.Header = map[string]string{"Total": strconv.Itoa(len(found)), "Per-Page": strconv.Itoa(sel.perPage)}
	return a
}

func renderList(page []*record, withGroups bool) []byte {
	body := make([]byte, 0, 2+len(page)*640)
	body = append(body, '[')
	for i, p := range page {
		if i > 0 {
			body = append(body, ',')
		}
		body = p.appendJSON(body, withGroups)
	}
	return append(body, ']')
}

// selection refuses every name it does not know, so that a misspelt one cannot pass for "everybody".
func (s *Server) selection(query url.Values) (sel selection, problem string) {
	sel = selection{page: 1, perPage: 30}
	for name, values := range query {
		if !s.choose(&sel, name, values[len(values)-1]) {
			return sel, "Bad parameter: " + name
		}
	}
	sel.perPage = s.PageSize(sel.perPage)
	return sel, ""
}

func (s *Server) choose(sel *selection, name, value string) (good bool) {
	switch name {
	case "page":
		return positive(&sel.page, value)
	case "per_page":
		return positive(&sel.perPage, value)
	case "include_groups":
		sel.groups = value == "true"
		return value == "true" || value == "false"
	case "q[email_eq]":
		sel.email = value
	case "q[email_cont]":
		sel.part = value
	case "q[by_status]":
		sel.status = value
	case "q[id_gt]", "q[s]":
		return s.byID(sel, name, value)
	default:
		return false
	}
	return true
}

func (s *Server) byID(sel *selection, name, value string) (good bool) {
	if s.opt.ByID != Obeyed {
		return s.opt.ByID == Ignored
	}
	if name == "q[s]" {
		sel.descending = value == "id desc"
		return sel.descending || value == "id asc"
	}
	id, err := strconv.ParseInt(value, 10, 64)
	sel.afterID = id
	return err == nil
}

func positive(n *int, value string) bool {
	v, err := strconv.Atoi(value)
	*n = v
	return err == nil && v >= 1
}

// selected returns the people who match, in order. The caller holds the lock.
func (s *people) selected(sel selection, list []*record) []*record {
	if sel.email != "" {
		return s.named(sel.email, list)
	}
	if sel.afterID > 0 {
		list = list[find(list, sel.afterID+1):]
	}
	if sel.part != "" || sel.status != "" {
		list = slices.DeleteFunc(slices.Clone(list), func(p *record) bool { return !sel.matches(p) })
	}
	if sel.descending {
		list = slices.Clone(list)
		slices.Reverse(list)
	}
	return list
}

// named returns the person of an address, if it is in the list.
func (s *people) named(email string, list []*record) []*record {
	p := s.byMail[key(email)]
	if p == nil {
		return nil
	}
	at, found := search(list, p.ID)
	if !found {
		return nil
	}
	return list[at : at+1]
}

func find(list []*record, id int64) int {
	at, _ := search(list, id)
	return at
}

func (sel selection) matches(p *record) bool {
	return strings.Contains(key(p.Email), key(sel.part)) && (sel.status == "" || sel.status == p.Status)
}
