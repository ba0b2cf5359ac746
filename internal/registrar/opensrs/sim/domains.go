package sim

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/registrar/opensrs/wire"
	"github.com/whmcsync/whmcsync/internal/simkit"
)

var day = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// listDomains filters by the day of expiry. A name without a day that can be one is on every list.
func (s *Server) listDomains(a wire.Value) simkit.Answer {
	from, to := a.At("exp_from").Text, a.At("exp_to").Text
	if from == "" || to == "" {
		return s.refuse(460, "Missing required field: exp_from, exp_to")
	}
	if !day.MatchString(from) || !day.MatchString(to) || from > to {
		return s.refuse(465, "Invalid date")
	}
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	var rows []wire.Value
	for _, d := range s.account.sorted() {
		if expiry := d.Expiry[:min(10, len(d.Expiry))]; day.MatchString(expiry) && expiry >= "1990" && (expiry < from || expiry > to) {
			continue
		}
		rows = append(rows, wire.Value{Map: map[string]wire.Value{
			"name": text(d.Name), "expiredate": text(d.Expiry), "f_auto_renew": letter(d.AutoRenew), "f_let_expire": letter(d.LetExpire),
		}})
	}
	p, refused := s.slice(a, rows, 0)
	if refused != nil {
		return *refused
	}
	return s.succeed("Command successful", map[string]wire.Value{
		"exp_domains": {List: p.rows}, "page": text(p.number), "remainder": bit(p.more), "total": text(strconv.Itoa(len(rows))),
	})
}

type slice struct {
	rows   []wire.Value
	number string
	more   bool
}

// slice cuts the page out that is asked for. largest 0 = pages of any size.
func (s *Server) slice(a wire.Value, rows []wire.Value, largest int) (slice, *simkit.Answer) {
	first := 1
	if s.opt.FromZero {
		first = 0
	}
	limit, err := strconv.Atoi(cmp.Or(a.At("limit").Text, "40"))
	page, err2 := strconv.Atoi(cmp.Or(a.At("page").Text, strconv.Itoa(first)))
	if err != nil || err2 != nil || limit < 1 || page < first || largest > 0 && limit > largest {
		no := s.refuse(465, "Invalid limit or page")
		return slice{}, &no
	}
	limit = s.PageSize(limit)
	begin := min((page-first)*limit, len(rows))
	end := min(begin+limit, len(rows))
	return slice{append([]wire.Value{}, rows[begin:end]...), strconv.Itoa(page), end < len(rows)}, nil
}

// find gives the domain that attributes name, or says why not. The account must be locked.
func (s *Server) find(a wire.Value) (*Domain, *simkit.Answer) {
	name := a.At("domain").Text
	if name == "" {
		no := s.refuse(460, "No Domain Supplied")
		return nil, &no
	}
	d := s.account.domains[key(name)]
	if d == nil {
		no := s.refuse(480, "Object not found: "+name)
		return nil, &no
	}
	return d, nil
}

func (s *Server) allInfo(a wire.Value) simkit.Answer {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	d, refused := s.find(a)
	if refused != nil {
		return *refused
	}
	return s.succeed("Query Successful", map[string]wire.Value{
		"expiredate": text(d.Expiry), "registry_expiredate": text(d.RegistryExpiry), "registry_createdate": text("2020-01-01 12:00:00"),
		"auto_renew": bit(d.AutoRenew), "let_expire": bit(d.LetExpire), "sponsoring_rsp": bit(!d.Pushed),
		"domain_auth_info": text(d.AuthCode),
		"contact_set":      {Map: map[string]wire.Value{"owner": wire.Texts(map[string]string{"last_name": d.Holder})}},
		"nameserver_list":  {List: []wire.Value{wire.Texts(map[string]string{"name": "ns1.example.net", "sortorder": "1"})}},
	})
}

func (s *Server) privacyState(a wire.Value) simkit.Answer {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	d, refused := s.find(a)
	if refused != nil {
		return *refused
	}
	answer := map[string]wire.Value{"state": text(cmp.Or(d.Privacy, "disabled"))}
	if d.Changeable != "" {
		answer["changeable"] = text(d.Changeable)
	}
	return s.succeed("Query Successful", answer)
}

func (s *Server) belongs(a wire.Value) simkit.Answer {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	name := a.At("domain").Text
	if name == "" {
		return s.refuse(460, "No Domain Supplied")
	}
	d := s.account.domains[key(name)]
	if d == nil || d.Pushed {
		return s.succeed("Query successful", map[string]wire.Value{"belongs_to_rsp": text("0")})
	}
	return s.succeed("Query successful", map[string]wire.Value{"belongs_to_rsp": text("1"), "domain_expdate": text(d.Expiry)})
}

func (s *Server) setExpireAction(a wire.Value) simkit.Answer {
	renew, letExpire := a.At("auto_renew").Text, a.At("let_expire").Text
	if !isBit(renew) || !isBit(letExpire) || renew == "1" && letExpire == "1" {
		return s.refuse(465, "Invalid auto_renew or let_expire")
	}
	return s.modify(a, func(d *Domain) *simkit.Answer {
		d.AutoRenew, d.LetExpire = renew == "1", letExpire == "1"
		return nil
	})
}

func (s *Server) setPrivacyState(a wire.Value) simkit.Answer {
	state := a.At("state").Text
	if state != "enable" && state != "disable" {
		return s.refuse(465, "Invalid state")
	}
	return s.modify(a, func(d *Domain) *simkit.Answer {
		if d.Changeable == "0" {
			no := s.refuse(465, "WHOIS privacy cannot be changed for this domain")
			return &no
		}
		d.Privacy = state + "d"
		return nil
	})
}

func (s *Server) modify(a wire.Value, change func(*Domain) *simkit.Answer) simkit.Answer {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	d, refused := s.find(a)
	if refused != nil {
		return *refused
	}
	if affect := a.At("affect_domains").Text; affect != "0" {
		s.Violate("affects_other_domains", d.Name)
		return s.refuse(435, "Not permitted without the registrant's credentials")
	}
	if no := change(d); no != nil {
		return *no
	}
	d.Writes++
	return s.succeed("Update successful", nil)
}

func isBit(text string) bool { return text == "0" || text == "1" }

// matches is a filter by name.
func (s *Server) matches(name string, filter string) bool {
	return filter == "" || key(name) == key(filter) || s.opt.Patterns && strings.Contains(key(name), key(filter))
}
