package sim

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// authCode is what the real server tells who asks for it, or for everything.
const authCode = "aUTH-c0de!"

func (d *Domain) fields() map[string]any {
	all := map[string]any{
		"domainName": d.Name, "status": d.Status, "autoRenew": d.AutoRenew, "privacyProtect": d.Privacy,
		"authcode": authCode, "registrant": "holder-1", "customer": "acme",
	}
	if d.Expiry != "" {
		all["expiryDate"] = d.Expiry
	}
	return all
}

// only keeps the fields that were asked for, beside the one by which a record is known.
func only(all map[string]any, asked, key string) map[string]any {
	if asked != "" {
		names := append(strings.Split(asked, ","), key)
		maps.DeleteFunc(all, func(name string, _ any) bool { return !slices.Contains(names, name) })
	}
	return all
}

func (s *Server) list(r *http.Request, _ string) simkit.Answer {
	query := r.URL.Query()
	asked := query.Get("fields")
	if query.Get("export") == "true" && asked == "" {
		asked = "domainName"
	}
	if order := query.Get("order"); order != "" && order != "domainName" {
		return refused(http.StatusBadRequest, "ConstraintViolationException", "Unknown order")
	}
	var rows []map[string]any
	for _, d := range s.sorted() {
		if !d.Foreign {
			rows = append(rows, only(d.fields(), asked, "domainName"))
		}
	}
	return s.envelope(query, rows)
}

func (s *Server) history(r *http.Request, _ string) simkit.Answer {
	query := r.URL.Query()
	var rows []map[string]any
	for i, p := range s.processes {
		if p.Identifier != query.Get("identifier") || p.Status != query.Get("status") {
			continue
		}
		row := map[string]any{
			"id": i + 1, "identifier": p.Identifier, "type": p.Type, "action": p.Action, "status": p.Status, "createdDate": p.Created,
			"updatedDate": p.Updated, "user": "acme/admin",
		}
		rows = append(rows, only(row, query.Get("fields"), "id"))
	}
	if query.Get("order") == "-createdDate" && !s.opt.Unsorted {
		slices.SortFunc(rows, func(a, b map[string]any) int {
			return strings.Compare(b["createdDate"].(string), a["createdDate"].(string))
		})
	}
	return s.envelope(query, rows)
}

// envelope is one page of rows, or with export all of them.
func (s *Server) envelope(query url.Values, rows []map[string]any) simkit.Answer {
	pagination := map[string]any{}
	if !s.opt.NoTotals {
		pagination["total"] = len(rows)
	}
	offset, size := 0, len(rows)
	if query.Get("export") == "true" {
		if query.Has("limit") || query.Has("offset") {
			return refused(http.StatusBadRequest, "ConstraintViolationException", "An export has no limit and no offset")
		}
		if s.opt.ExportCap > 0 {
			size = s.opt.ExportCap
		}
	} else {
		offset, size = number(query, "offset", 0), s.PageSize(number(query, "limit", 10))
	}
	if offset < 0 || size < 0 {
		return refused(http.StatusBadRequest, "ConstraintViolationException", "limit and offset must be numbers")
	}
	first := min(offset, len(rows))
	shown := append([]map[string]any{}, rows[first:min(first+size, len(rows))]...)
	return simkit.JSON(http.StatusOK, map[string]any{"entities": shown, "pagination": pagination})
}

// number is -1 for what is none.
func number(query url.Values, name string, otherwise int) int {
	if !query.Has(name) {
		return otherwise
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil {
		return -1
	}
	return n
}

func (s *Server) absent(what string) simkit.Answer {
	status := http.StatusBadRequest
	if s.opt.Absent404 {
		status = http.StatusNotFound
	}
	return refused(status, "ObjectDoesNotExist", what+" does not exist")
}

var forbidden = refused(http.StatusForbidden, "AuthorizationError", "Not authorized")

// own finds a domain of the account. An answer with a status is what is wrong.
func (s *Server) own(name string) (*Domain, simkit.Answer) {
	d, ok := s.domains[name]
	switch {
	case !ok:
		return nil, s.absent("Domain " + name)
	case d.Foreign:
		return nil, forbidden
	default:
		return d, simkit.Answer{}
	}
}

func (s *Server) look(r *http.Request, name string) simkit.Answer {
	d, wrong := s.own(name)
	if d == nil {
		return wrong
	}
	return simkit.JSON(http.StatusOK, only(d.fields(), r.URL.Query().Get("fields"), "domainName"))
}

func (s *Server) transfer(_ *http.Request, name string) simkit.Answer {
	for i, t := range slices.Backward(s.transfers) {
		if t.Name == name {
			return simkit.JSON(http.StatusOK, map[string]any{
				"domainName": t.Name, "status": t.Status, "type": t.Type, "processId": i + 1, "log": t.Log, "requestedDate": "2026-03-01T10:00:00Z",
			})
		}
	}
	return s.absent("Transfer of " + name)
}

func (s *Server) update(r *http.Request, name string) simkit.Answer {
	d, wrong := s.own(name)
	if d == nil {
		return wrong
	}
	var change struct {
		AutoRenew *bool `json:"autoRenew"`
		Privacy   *bool `json:"privacyProtect"`
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	switch err := decoder.Decode(&change); {
	case err != nil || r.Header.Get("Content-Type") != "application/json":
		return refused(http.StatusBadRequest, "InvalidMessage", "The body is not as documented")
	case change.Privacy != nil && *change.Privacy && s.opt.Costs:
		return refused(http.StatusBadRequest, "BillableAcknowledgmentNeededException", "PRIVACY_PROTECT has to be paid for")
	case change.Privacy != nil && *change.Privacy && slices.Contains(d.Status, "PRIVACY_PROTECT_PROHIBITED"):
		return refused(http.StatusBadRequest, "ValidationError", "Privacy protect is prohibited")
	}
	if change.AutoRenew != nil {
		d.AutoRenew = *change.AutoRenew
	}
	if change.Privacy != nil {
		d.Privacy = *change.Privacy
	}
	d.Writes++
	status := http.StatusAccepted
	if s.opt.AtOnce {
		status = http.StatusOK
	}
	return simkit.JSON(status, map[string]int{"processId": 1000 + d.Writes})
}

func (s *Server) extension(_ *http.Request, name string) simkit.Answer {
	e, described := s.extensions[name]
	if e.Missing {
		return s.absent("TLD " + name)
	}
	if !described {
		e = Extension{Name: name, Features: []string{"CREATE", "PRIVACY_PROTECT"}}
	}
	metadata := map[string]any{"featuresAvailable": e.Features, "renewDomainPeriods": []int{12}}
	if e.Offset != nil {
		metadata["expiryDateOffset"] = e.Offset
	}
	return simkit.JSON(http.StatusOK, map[string]any{"provider": "REGISTRY", "applicableFor": append(e.Also, name), "metadata": metadata})
}
