package sim

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/wire"
	"github.com/whmcsync/whmcsync/internal/simkit"
)

const largestPage = 40 // of the lists of transfers

var transferStates = []string{"", "pending_owner", "pending_admin", "pending_registry", "completed", "cancelled"}

// checkTransfer tells of the newest transfer in. Asking about one that is pending at the registry is noted: it makes the
// live system act.
func (s *Server) checkTransfer(a wire.Value) simkit.Answer {
	name := a.At("domain").Text
	if name == "" {
		return s.refuse(460, "No Domain Supplied")
	}
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	answer := map[string]string{"transferrable": "0", "noservice": "0", "status": "undef"}
	for _, t := range s.account.transfers {
		if !t.Away && key(t.Domain) == key(name) {
			answer["status"], answer["reason"] = t.Status, t.Reason
		}
	}
	if s.opt.Terse && answer["status"] == "undef" {
		return s.refuse(480, "Object not found: "+name)
	}
	if a.At("check_status").Text != "1" {
		delete(answer, "status")
	}
	return s.succeed("Query successful", wire.Texts(answer).Map)
}

func (s *Server) transfersIn(a wire.Value) simkit.Answer {
	from := a.At("order_from").Text
	if from != "" && !day.MatchString(from) {
		return s.refuse(465, "Invalid date")
	}
	return s.listTransfers(a, func(t Transfer) bool { return !t.Away && (t.Ordered == "" || t.Ordered >= from) })
}

func (s *Server) transfersAway(a wire.Value) simkit.Answer {
	status := a.At("status").Text
	if !slices.Contains(transferStates, status) {
		return s.refuse(465, "Invalid status")
	}
	return s.listTransfers(a, func(t Transfer) bool { return t.Away && (status == "" || t.Status == status) })
}

func (s *Server) listTransfers(a wire.Value, wanted func(Transfer) bool) simkit.Answer {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	var rows []wire.Value
	for _, t := range s.account.transfers {
		if wanted(t) && s.matches(t.Domain, a.At("domain").Text) {
			rows = append(rows, wire.Texts(map[string]string{
				"domain": t.Domain, "transfer_id": t.ID, "status": t.Status, "completed_date": t.Completed,
				"losing_registrar": "Example Registrar, Inc.", "request_address": "owner@example.net",
			}))
		}
	}
	return s.page(a, rows, "transfers", largestPage)
}

func (s *Server) deletedDomains(a wire.Value) simkit.Answer {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	var rows []wire.Value
	for _, d := range s.account.deletions {
		if s.matches(d.Name, a.At("domain").Text) {
			rows = append(rows, wire.Texts(map[string]string{"name": d.Name, "delete_date": d.Day, "reason": d.Reason}))
		}
	}
	return s.page(a, rows, "del_domains", 0)
}

// page answers with a slice. Without a single row the list itself is left out.
func (s *Server) page(a wire.Value, rows []wire.Value, member string, largest int) simkit.Answer {
	p, refused := s.slice(a, rows, largest)
	if refused != nil {
		return *refused
	}
	answer := map[string]wire.Value{
		"page": text(p.number), "page_size": text(cmp.Or(a.At("limit").Text, "40")), "total": text(strconv.Itoa(len(rows))),
	}
	if len(rows) > 0 {
		answer[member] = wire.Value{List: p.rows}
	}
	return s.succeed("Command successful", answer)
}
