package sim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// authCode is what the real server tells with each look-up and nobody should pass on.
const authCode = "aUTH-c0de!"

func (s *Server) search(query url.Values) simkit.Answer {
	size, page, problem := paging(query)
	if problem != "" {
		return refused(problem)
	}
	if size < 10 || size > 500 {
		return refused("Invalid value for parameter no-of-records: it must be between 10 and 500")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := slices.DeleteFunc(slices.Clone(s.orders), func(o Order) bool { return !s.matches(o, query) })
	switch order := query.Get("order-by"); {
	case s.opt.Unsorted:
		slices.SortStableFunc(found, func(a, b Order) int { return strings.Compare(a.Name, b.Name) })
	case order == "orderid desc":
		slices.Reverse(found)
	case order != "" && order != "orderid" && order != "orderid asc":
		return refused("Invalid value for parameter order-by")
	}
	return list(s, found, page, size, Order.row)
}

func (s *Server) matches(o Order, query url.Values) bool {
	statuses := query["status"]
	if len(statuses) == 0 && (o.Status == "Archived" || o.Status == "Deleted" && s.opt.HideDeleted) {
		return false
	}
	if len(statuses) > 0 && !slices.Contains(statuses, o.Status) {
		return false
	}
	return strings.Contains(strings.ToLower(o.Name), strings.ToLower(query.Get("domain-name")))
}

func (o Order) row() map[string]any {
	row := map[string]any{
		"orders.orderid": strconv.FormatInt(o.ID, 10), "entity.entityid": strconv.FormatInt(o.ID, 10), "entity.entitytypeid": "3",
		"entity.description": o.Name, "entity.currentstatus": o.Status, "orders.autorenew": o.AutoRenew,
		"orders.privacyprotection": o.Privacy, "orders.timestamp": "2026-03-01 10:00:00.18267+00",
	}
	if o.EndTime != "" {
		row["orders.endtime"] = o.EndTime
	}
	return row
}

func (s *Server) details(query url.Values) simkit.Answer {
	name := query.Get("domain-name")
	if name == "" || len(query["options"]) == 0 {
		return refused("Required parameter missing: domain-name or options")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.orders, func(o Order) bool { return !o.gone() && strings.EqualFold(o.Name, name) })
	if at < 0 {
		return refused("Website doesn't exist for " + name)
	}
	o := s.orders[at]
	answer := map[string]any{
		"orderid": strconv.FormatInt(o.ID, 10), "entityid": strconv.FormatInt(o.ID, 10), "domainname": o.Name,
		"currentstatus": o.Status, "orderstatus": []string{"transferlock"}, "recurring": o.AutoRenew, "domsecret": authCode,
		"isprivacyprotected":      strconv.FormatBool(o.Privacy == "true"),
		"privacyprotectedallowed": strconv.FormatBool(o.Privacy != "na"),
	}
	if o.EndTime != "" {
		answer["endtime"] = o.EndTime
	}
	if o.ActionType != "" {
		answer["actiontype"] = o.ActionType
	}
	return simkit.JSON(http.StatusOK, answer)
}

func (s *Server) currentActions(query url.Values) simkit.Answer { return s.listActions(query, false) }

func (s *Server) archivedActions(query url.Values) simkit.Answer { return s.listActions(query, true) }

func (s *Server) listActions(query url.Values, archived bool) simkit.Answer {
	size, page, problem := paging(query)
	if problem != "" {
		return refused(problem)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := slices.DeleteFunc(slices.Clone(s.actions), func(a Action) bool {
		return a.Archived != archived || !slices.Contains(query["order-id"], strconv.FormatInt(a.Order, 10))
	})
	return list(s, found, page, size, Action.row)
}

func (a Action) row() map[string]any {
	return map[string]any{
		"eaqid": strconv.FormatInt(a.ID, 10), "entityid": strconv.FormatInt(a.Order, 10), "entitytypeid": "3",
		"actiontype": a.Type, "actiontypedesc": a.Type, "actionstatus": a.Status, "actionstatusdesc": a.StatusDesc,
		"actioncompleted": a.Completed,
	}
}

func (s *Server) setPrivacy(query url.Values) simkit.Answer {
	on, err := strconv.ParseBool(query.Get("protect-privacy"))
	if err != nil || query.Get("reason") == "" {
		return refused("Required parameter missing: protect-privacy or reason")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.orders, func(o Order) bool {
		return !o.gone() && strconv.FormatInt(o.ID, 10) == query.Get("order-id")
	})
	if at < 0 {
		return refused("No Entity found for Entityid: " + query.Get("order-id"))
	}
	o := &s.orders[at]
	if o.Privacy == "na" {
		return refused("Privacy Protection is not supported for this TLD")
	}
	if s.opt.RefuseSame && o.Privacy == strconv.FormatBool(on) {
		return refused("Privacy Protection is in this state already")
	}
	o.Privacy = strconv.FormatBool(on)
	o.Writes++
	return simkit.JSON(http.StatusOK, map[string]string{
		"description": o.Name, "entityid": query.Get("order-id"), "actiontype": "ModPrivacyProtection", "actionstatus": "Success",
		"invoiceid": "8801", "sellingcurrencysymbol": "EUR", "sellingamount": "0.00",
	})
}

func paging(query url.Values) (size, page int, problem string) {
	size, err := strconv.Atoi(query.Get("no-of-records"))
	if err != nil || size < 1 {
		return 0, 0, "Required parameter missing: no-of-records"
	}
	page, err = strconv.Atoi(query.Get("page-no"))
	if err != nil || page < 1 {
		return 0, 0, "Required parameter missing: page-no"
	}
	return size, page, ""
}

// list answers with one page, as members "1", "2", ... The caller holds the lock.
func list[T any](s *Server, found []T, page, size int, row func(T) map[string]any) simkit.Answer {
	if len(found) == 0 && s.opt.NoneIsError {
		return refused("No record found")
	}
	size = s.PageSize(size)
	first := min((page-1)*size, len(found))
	shown := found[first:min(first+size, len(found))]
	answer := map[string]any{"recsonpage": strconv.Itoa(len(shown)), "recsindb": strconv.Itoa(len(found))}
	for i, one := range shown {
		answer[strconv.Itoa(i+1)] = row(one)
	}
	return simkit.JSON(http.StatusOK, answer)
}
