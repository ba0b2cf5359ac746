package sim

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/whmcsync/whmcsync/internal/simkit"
)

// syncBody is what POST /subscribers/sync takes; anything else in it is refused.
type syncBody struct {
	Email            string            `json:"email"`
	Status           string            `json:"status"`
	GroupIDs         []int64           `json:"group_ids"`
	ReplaceGroups    bool              `json:"replace_groups"`
	RestoreIfDeleted bool              `json:"restore_if_deleted"`
	CustomFields     map[string]string `json:"custom_fields"`

	Name                     *string `json:"name"`
	Locale                   *string `json:"locale"`
	Address                  *string `json:"address"`
	City                     *string `json:"city"`
	State                    *string `json:"state"`
	Country                  *string `json:"country"`
	Birthday                 *string `json:"birthday"`
	Website                  *string `json:"website"`
	TimeZone                 *string `json:"time_zone"`
	SMSPhone                 *string `json:"sms_phone"`
	WhatsappPhone            *string `json:"whatsapp_phone"`
	SubscribedWithAcceptance *bool   `json:"subscribed_with_acceptance"`
	SubscribeIP              *string `json:"subscribe_ip"`
}

func (b *syncBody) attributes() map[string]*string {
	return map[string]*string{
		"name": b.Name, "locale": b.Locale, "address": b.Address, "city": b.City, "state": b.State, "country": b.Country,
		"birthday": b.Birthday, "website": b.Website, "time_zone": b.TimeZone, "sms_phone": b.SMSPhone,
		"whatsapp_phone": b.WhatsappPhone,
	}
}

func (s *Server) syncPerson(r *http.Request, _ int64) simkit.Answer {
	var body syncBody
	if problem := decode(r, &body); problem != "" {
		return simkit.Failed(http.StatusBadRequest, problem)
	}
	return s.sync(body)
}

func (s *Server) sync(body syncBody) simkit.Answer {
	if field, text := s.invalidIn(body); field != "" {
		return invalid(field, text)
	}
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	p := s.people.byMail[key(body.Email)]
	if p == nil {
		p = &record{Person: Person{Email: body.Email}}
		s.people.add(p)
		s.put(p, body)
		return simkit.Answer{Status: http.StatusCreated, Body: p.appendJSON(nil, true)}
	}
	if refusal, refused := s.refusal(p, body); refused {
		return refusal
	}
	s.put(p, body)
	return simkit.Answer{Status: http.StatusOK, Body: p.appendJSON(nil, true)}
}

// refusal tells whether a known person must not be written, and notes what happens to them otherwise.
func (s *Server) refusal(p *record, body syncBody) (simkit.Answer, bool) {
	if p.Deleted {
		if !body.RestoreIfDeleted {
			return invalid("email", "belongs to a deleted subscriber"), true
		}
		s.people.setDeleted(p, false)
		s.Violate(Restored, p.Email)
	}
	if p.suppressed() {
		s.Violate(WroteSuppressed, p.Email)
	}
	if !p.Unsubscribed || body.Status != "active" || s.opt.Unsubscribed == Keep {
		return simkit.Answer{}, false
	}
	if s.opt.Unsubscribed == Refuse {
		return invalid("email", "has unsubscribed"), true
	}
	p.Unsubscribed = false
	s.Violate(Reactivated, p.Email)
	return simkit.Answer{}, false
}

// put writes the body into the person. The caller holds the lock.
func (s *Server) put(p *record, body syncBody) {
	p.Status = body.Status
	if body.ReplaceGroups {
		p.Groups = nil
	}
	p.Groups = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(p.Groups), body.GroupIDs...))))
	for name, value := range body.attributes() {
		if value != nil {
			p.attributes = p.attributes.with(name, *value)
		}
	}
	if body.CustomFields != nil {
		p.fields = pairsOf(body.CustomFields) // it replaces; assumed, and the stricter guess
	}
	p.Writes++
	p.UpdatedAt = s.opt.Clock()
}

var (
	emailPattern   = regexp.MustCompile(`^[^\s@<>,;:"()\[\]\\]+@[^\s@<>,;:"()\[\]\\.]+(\.[^\s@<>,;:"()\[\]\\.]+)+$`)
	localePattern  = regexp.MustCompile(`^[a-z]{2}(-[A-Z]{2})?$`)
	countryPattern = regexp.MustCompile(`^[A-Z]{2}$`)
)

func (s *Server) invalidIn(body syncBody) (field, text string) {
	switch {
	case body.Email == "":
		return "email", "can't be blank"
	case len(body.Email) > 254 || !emailPattern.MatchString(body.Email):
		return "email", "is invalid"
	case body.Status == "":
		return "status", "can't be blank"
	case body.Status != "active" && body.Status != "inactive":
		return "status", "is not included in the list"
	case !allowed(body.Locale, localePattern):
		return "locale", "is not included in the list"
	case !allowed(body.Country, countryPattern):
		return "country", "is invalid"
	}
	return s.unknownIn(body)
}

func allowed(value *string, pattern *regexp.Regexp) bool {
	return value == nil || *value == "" || pattern.MatchString(*value)
}

func (s *Server) unknownIn(body syncBody) (field, text string) {
	for _, id := range body.GroupIDs {
		if !slices.ContainsFunc(s.opt.Groups, func(g Group) bool { return g.ID == id }) {
			return "group_ids", "must exist"
		}
	}
	for id := range body.CustomFields {
		if !slices.ContainsFunc(s.opt.Fields, func(f Field) bool { return strconv.FormatInt(f.ID, 10) == id }) {
			return "custom_fields", "must exist"
		}
	}
	return "", ""
}

// decode takes JSON of exactly the target's shape; problem is what is wrong with it.
func decode(r *http.Request, target any) (problem string) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/json" {
		return "Content-Type must be application/json"
	}
	raw, err := simkit.Body(r)
	if err != nil {
		return "The body could not be read"
	}
	return decodeStrict(raw, target)
}

func decodeStrict(raw []byte, target any) (problem string) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(target); err != nil {
		return "Bad body: " + strings.TrimPrefix(err.Error(), "json: ")
	}
	if decoder.More() {
		return "Bad body: more than one value"
	}
	return ""
}
