package sim

import (
	"net/http"
	"net/url"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

func (s *Server) ping(*http.Request, int64) simkit.Answer {
	return simkit.Answer{Status: http.StatusNoContent}
}

func (s *Server) listGroups(r *http.Request, _ int64) simkit.Answer { return s.paged(r, s.opt.Groups) }

func (s *Server) listFields(r *http.Request, _ int64) simkit.Answer { return s.paged(r, s.opt.Fields) }

// paged serves one page of a short list.
func (s *Server) paged(r *http.Request, list any) simkit.Answer {
	sel := selection{page: 1, perPage: 30}
	for name, values := range r.URL.Query() {
		if (name != "page" && name != "per_page") || !s.choose(&sel, name, values[0]) {
			return simkit.Failed(http.StatusBadRequest, "Bad parameter: "+name)
		}
	}
	switch list := list.(type) {
	case []Group:
		return simkit.JSON(http.StatusOK, slice(list, sel))
	case []Field:
		return simkit.JSON(http.StatusOK, slice(list, sel))
	default:
		panic("sim: a list of an unknown kind")
	}
}

func slice[T any](list []T, sel selection) []T {
	first := min((sel.page-1)*sel.perPage, len(list))
	return append([]T{}, list[first:min(first+sel.perPage, len(list))]...)
}

func (s *Server) getPackage(*http.Request, int64) simkit.Answer {
	s.people.mu.RLock()
	defer s.people.mu.RUnlock()
	return simkit.JSON(http.StatusOK, map[string]any{
		"billing_type": "monthly", "package_type": "subscribers", "limit": 1000000, "usage": 0,
		"subscribers_limit": s.opt.SubscribersLimit, "subscribers_usage": len(s.people.live),
	})
}

func (s *Server) getPerson(r *http.Request, id int64) simkit.Answer {
	if names := unknownNames(r.URL.Query()); names != "" {
		return simkit.Failed(http.StatusBadRequest, "Bad parameter: "+names)
	}
	return s.onPerson(id, false, func(*record) {})
}

func unknownNames(query url.Values) string {
	for name := range query {
		return name
	}
	return ""
}

func (s *Server) deletePerson(_ *http.Request, id int64) simkit.Answer {
	a := s.onPerson(id, false, func(p *record) { s.people.setDeleted(p, true) })
	if a.Status == http.StatusOK {
		return simkit.Answer{Status: http.StatusNoContent}
	}
	return a
}

func (s *Server) restorePerson(_ *http.Request, id int64) simkit.Answer {
	return s.onPerson(id, true, func(p *record) { s.people.setDeleted(p, false) })
}

func (s *Server) banPerson(_ *http.Request, id int64) simkit.Answer {
	return s.onPerson(id, false, func(p *record) { p.LocalBan = true })
}

func (s *Server) unbanPerson(_ *http.Request, id int64) simkit.Answer {
	return s.onPerson(id, false, func(p *record) { p.LocalBan = false })
}

// onPerson answers with the person, changed; 404 when they are not in that list.
func (s *Server) onPerson(id int64, deleted bool, change func(*record)) simkit.Answer {
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	list := *s.people.list(deleted)
	at, found := search(list, id)
	if !found {
		return simkit.Failed(http.StatusNotFound, "Not found")
	}
	p := list[at]
	change(p)
	return simkit.Answer{Status: http.StatusOK, Body: p.appendJSON(nil, true)}
}
