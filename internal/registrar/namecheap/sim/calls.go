package sim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

func (s *Server) listDomains(r *http.Request) simkit.Answer {
	sel, problem := s.selection(r.Form, []string{"", "NAME"}, "20")
	if problem != nil {
		return *problem
	}
	if !slices.Contains([]string{"", "ALL"}, r.Form.Get("ListType")) {
		return refusal("2010001", "Parameter ListType is invalid")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.byName(r.Form.Get("SearchTerm"))
	list := domainList{}
	for _, d := range slice(found, sel) {
		list.Domain = append(list.Domain, row(d))
	}
	return success("namecheap.domains.getList", result{Domains: &list, Paging: sel.paging(len(found))})
}

func (s *Server) listTransfers(r *http.Request) simkit.Answer {
	sel, problem := s.selection(r.Form, []string{"TRANSFERDATE_DESC"}, "10")
	if problem != nil {
		return *problem
	}
	kind := r.Form.Get("ListType")
	if !slices.Contains([]string{"", "ALL", "INPROGRESS", "CANCELLED", "COMPLETED"}, kind) {
		return refusal("2010001", "Parameter ListType is invalid")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := slices.DeleteFunc(s.newestFirst(r.Form.Get("SearchTerm")), func(t Transfer) bool { return !t.is(kind) })
	list := transferList{}
	for _, t := range slice(found, sel) {
		list.Transfer = append(list.Transfer, transferRow{
			ID: t.ID, Name: t.Name, User: s.opt.APIUser, Date: "02/15/2026", StatusID: t.StatusID, Status: t.Status,
			StatusDate: "02/16/2026", Description: t.Description,
		})
	}
	return success("namecheap.domains.transfer.getList", result{Transfers: &list, Paging: sel.paging(len(found))})
}

func (s *Server) getDomain(r *http.Request) simkit.Answer {
	name := r.Form.Get("DomainName")
	if name == "" {
		return refusal("2010324", "Parameter DomainName is missing")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.domains[key(name)]
	if d == nil || !strings.EqualFold(d.Name, name) {
		return refusal("2019166", "Domain not found")
	}
	return success("namecheap.domains.getinfo", result{Info: s.info(d)})
}

func (s *Server) enablePrivacy(r *http.Request) simkit.Answer {
	if !strings.Contains(r.Form.Get("ForwardedToEmail"), "@") {
		return refusal("2011000", "Parameter ForwardedToEmail is missing or invalid")
	}
	return s.setPrivacy(r, "ENABLED", func(a *successful) result { return result{Enabled: a} })
}

func (s *Server) disablePrivacy(r *http.Request) simkit.Answer {
	return s.setPrivacy(r, "DISABLED", func(a *successful) result { return result{Disabled: a} })
}

// setPrivacy finds a domain by its subscription, whose id is made of the domain's.
func (s *Server) setPrivacy(r *http.Request, to string, as func(*successful) result) simkit.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.domains {
		if r.Form.Get("WhoisguardID") == subscription(d) && d.Privacy != "NOTPRESENT" {
			d.Privacy = to
			d.Writes++
			return success(r.Form.Get("Command"), as(&successful{Name: d.Name, Yes: "true"}))
		}
	}
	return refusal("2011331", "WhoisGuard does not exist")
}

func subscription(d *Domain) string { return "9" + d.ID }

// selection is a list's page, checked.
type selection struct{ page, size int }

func (s *Server) selection(form url.Values, orders []string, usual string) (selection, *simkit.Answer) {
	page, pageErr := strconv.Atoi(or(form.Get("Page"), "1"))
	size, sizeErr := strconv.Atoi(or(form.Get("PageSize"), usual))
	var problem simkit.Answer
	switch {
	case pageErr != nil || page < 1:
		problem = refusal("2010002", "Parameter Page is invalid")
	case sizeErr != nil || size < 10 || size > 100:
		problem = refusal("2010003", "Parameter PageSize is invalid")
	case !slices.Contains(orders, form.Get("SortBy")):
		problem = refusal("2010004", "Parameter SortBy is invalid")
	default:
		return selection{page, s.PageSize(size)}, nil
	}
	return selection{}, &problem
}

func or(value, usual string) string {
	if value == "" {
		return usual
	}
	return value
}

func (sel selection) paging(total int) *paging {
	return &paging{TotalItems: total, CurrentPage: sel.page, PageSize: sel.size}
}

func slice[T any](all []T, sel selection) []T {
	first := min((sel.page-1)*sel.size, len(all))
	return all[first:min(first+sel.size, len(all))]
}
