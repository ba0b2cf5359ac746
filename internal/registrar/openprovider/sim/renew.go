package sim

import (
	"net/http"
	"time"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// renew is a POST that costs money each time: it moves the dates, and counts.
func (s *Server) renew(r *http.Request, id int64) simkit.Answer {
	var order struct {
		Period int `json:"period"`
	}
	if err := decode(r, &order); err != nil || order.Period < 1 || order.Period > 10 {
		s.Violate("renewal", "period")
		return failed(codeFormat, "Wrong parameters")
	}
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock()
	d := s.shelf.byID(id)
	switch {
	case d == nil:
		return failed(codeAbsent, "The domain is not in your account; please transfer it to your account first.")
	case d.Status != "ACT" || d.Deleted:
		return failed(codeStatus, "The domain cannot be renewed in this status")
	case s.tooEarly(d):
		return failed(codeEarly, "It is too early to renew this domain")
	}
	d.Renewals++
	for _, date := range []*string{&d.Renewal, &d.Expiration, &d.Registry} {
		*date = later(*date, order.Period)
	}
	return s.changed(d, 0)
}

func (s *Server) tooEarly(d *Domain) bool {
	until, err := time.Parse(time.DateTime, d.Renewal)
	return s.opt.RenewDays > 0 && err == nil && s.opt.Clock().AddDate(0, 0, s.opt.RenewDays).Before(until)
}

// later moves what is a time by years.
func later(text string, years int) string {
	at, err := time.Parse(time.DateTime, text)
	if err != nil {
		return text
	}
	return at.AddDate(years, 0, 0).Format(time.DateTime)
}
