package clientsync_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/clientsync"
)

// policy is the one of most tests: group 1 for all, 3 for who has product 12.
func policy(change ...func(*clientsync.Policy)) clientsync.Policy {
	p := clientsync.Policy{
		Statuses: []whmcs.ClientStatus{whmcs.ClientActive}, Consent: whmcs.ConsentOptIn, OptIn: true,
		Groups: []clientsync.GroupRule{{ID: 1}, {ID: 3, Products: []int64{12}}},
		Fields: []clientsync.FieldRule{{Attribute: "name", Column: "full_name"}, {Attribute: "locale", Column: "language"}},
	}
	for _, f := range change {
		f(&p)
	}
	return p
}

// client is an active client with consent.
func client(id int64, change ...func(*whmcs.Client)) whmcs.Client {
	c := whmcs.Client{
		ID: id, RawEmail: "ana@example.com", Status: whmcs.ClientActive, OptIn: true,
		Columns: map[string]string{"full_name": "Ana Ruiz", "language": "spanish", "country": "ES"},
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func person(clients ...whmcs.Client) clientsync.Person {
	return clientsync.Person{Email: "ana@example.com", Clients: clients}
}

func withStatus(s whmcs.ClientStatus) func(*whmcs.Client) {
	return func(c *whmcs.Client) { c.Status = s }
}

func withoutConsent(c *whmcs.Client) { c.OptIn = false }

func TestWhoIsWanted(t *testing.T) {
	t.Parallel()
	all := []whmcs.ClientStatus{whmcs.ClientActive, whmcs.ClientInactive, whmcs.ClientClosed}
	for name, tc := range map[string]struct {
		policy clientsync.Policy
		person clientsync.Person
		want   clientsync.Reason
	}{
		"an active client with consent is wanted":               {policy(), person(client(1)), clientsync.Wanted},
		"a client who did not opt in is not":                    {policy(), person(client(1, withoutConsent)), clientsync.NoConsent},
		"one without consent speaks for all with the address":   {policy(), person(client(1), client(2, withoutConsent)), clientsync.NoConsent},
		"a closed client's withdrawn consent still counts":      {policy(), person(client(1), client(2, withoutConsent, withStatus(whmcs.ClientClosed))), clientsync.NoConsent},
		"before the opt-in column the older flag decides":       {policy(func(p *clientsync.Policy) { p.OptIn = false }), person(client(1, withoutConsent)), clientsync.Wanted},
		"not_opted_out does not ask for the opt-in":             {policy(func(p *clientsync.Policy) { p.Consent = whmcs.ConsentNotOptedOut }), person(client(1, withoutConsent)), clientsync.Wanted},
		"not_opted_out respects the older flag":                 {policy(func(p *clientsync.Policy) { p.Consent = whmcs.ConsentNotOptedOut }), person(client(1, func(c *whmcs.Client) { c.OptOut = true })), clientsync.NoConsent},
		"a rule that is none of the three wants nobody":         {policy(func(p *clientsync.Policy) { p.Consent = "" }), person(client(1)), clientsync.NoConsent},
		"a closed client is not wanted":                         {policy(), person(client(1, withStatus(whmcs.ClientClosed))), clientsync.Closed},
		"an inactive client is not wanted":                      {policy(), person(client(1, withStatus(whmcs.ClientInactive))), clientsync.Inactive},
		"an inactive client is wanted where that is selected":   {policy(func(p *clientsync.Policy) { p.Statuses = all }), person(client(1, withStatus(whmcs.ClientInactive))), clientsync.Wanted},
		"one active client is enough for the person":            {policy(), person(client(1, withStatus(whmcs.ClientClosed)), client(2)), clientsync.Wanted},
		"of unselected statuses inactive is said before closed": {policy(), person(client(1, withStatus(whmcs.ClientClosed)), client(2, withStatus(whmcs.ClientInactive))), clientsync.Inactive},
		"a client with another address has moved":               {policy(), clientsync.Person{Email: "a@example.com", LastID: 1, Left: clientsync.Moved}, clientsync.Moved},
		"a person without clients is gone":                      {policy(), clientsync.Person{Email: "a@example.com", LastID: 1}, clientsync.Gone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tc.policy.Wish(tc.person)
			if got.Reason != tc.want {
				t.Errorf("reason %q, want %q", got.Reason, tc.want)
			}
			if got.Reason != clientsync.Wanted && (got.Groups != nil || got.Attributes != nil || got.Fields != nil) {
				t.Errorf("not wanted, yet wished for: %+v", got)
			}
		})
	}
}

func TestPeopleWhoShareAnAddressAreOne(t *testing.T) {
	t.Parallel()
	named := func(name string) func(*whmcs.Client) {
		return func(c *whmcs.Client) { c.Columns = map[string]string{"full_name": name} }
	}
	closed := client(4, withStatus(whmcs.ClientClosed), named("Closed"), func(c *whmcs.Client) { c.Products = []int64{12} })
	got := policy().Wish(person(closed, client(7, named("Second")), client(9, named("Third"), func(c *whmcs.Client) { c.Products = []int64{12} })))
	want := clientsync.Wish{
		Email: "ana@example.com", Lead: 7, Members: []int64{4, 7, 9},
		Attributes: maillist.Attributes{"name": "Second"}, Fields: map[string]string{}, Groups: []maillist.GroupID{1, 3},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(want, "Fingerprint")); diff != "" {
		t.Errorf("wish (-want +got):\n%s", diff)
	}

	t.Run("a closed client's products give no group", func(t *testing.T) {
		t.Parallel()
		got := policy().Wish(person(closed, client(7)))
		if diff := cmp.Diff([]maillist.GroupID{1}, got.Groups); diff != "" {
			t.Errorf("groups (-want +got):\n%s", diff)
		}
	})
	t.Run("the lowest id owns the person whoever leads", func(t *testing.T) {
		t.Parallel()
		p := person(closed, client(7))
		if p.Owner() != 4 || p.Lead(policy().Statuses) != 7 {
			t.Errorf("owner %d, lead %d", p.Owner(), p.Lead(policy().Statuses))
		}
	})
}

func TestGroupRules(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rule clientsync.GroupRule
		want bool
	}{
		"no condition holds for everybody":    {clientsync.GroupRule{}, true},
		"country":                             {clientsync.GroupRule{Countries: []string{"PT", "ES"}}, true},
		"another country":                     {clientsync.GroupRule{Countries: []string{"PT"}}, false},
		"language":                            {clientsync.GroupRule{Languages: []string{"spanish"}}, true},
		"client group":                        {clientsync.GroupRule{ClientGroups: []int64{5}}, true},
		"no client group is group 0":          {clientsync.GroupRule{ClientGroups: []int64{0}}, false},
		"status":                              {clientsync.GroupRule{Statuses: []string{"Active"}}, true},
		"product owned":                       {clientsync.GroupRule{Products: []int64{14, 12}}, true},
		"product not owned":                   {clientsync.GroupRule{Products: []int64{14}}, false},
		"all conditions have to hold at once": {clientsync.GroupRule{Countries: []string{"ES"}, Products: []int64{14}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.rule.ID = 9
			p := policy(func(p *clientsync.Policy) { p.Groups = []clientsync.GroupRule{tc.rule} })
			one := client(1, func(c *whmcs.Client) {
				c.GroupID, c.Products, c.Columns["country"], c.Columns["language"] = 5, []int64{12}, "es", "Spanish"
			})
			if got := len(p.Wish(person(one)).Groups) == 1; got != tc.want {
				t.Errorf("holds %v, want %v", got, tc.want)
			}
		})
	}
}

func TestFieldsAreMapped(t *testing.T) {
	t.Parallel()
	p := policy(func(p *clientsync.Policy) {
		p.Fields = []clientsync.FieldRule{
			{Attribute: "locale", Column: "language"},
			{Attribute: "country", Column: "country"},
			{Field: "7", Column: "language"},
			{Field: "8", CustomField: 31},
			{Attribute: "city", Column: "city"},
			{Attribute: "phone", CustomField: 99},
		}
	})
	got := p.Wish(person(client(1, func(c *whmcs.Client) { c.CustomFields = map[int64]string{31: "gold"} })))
	if diff := cmp.Diff(maillist.Attributes{"locale": "es", "country": "ES"}, got.Attributes); diff != "" {
		t.Errorf("attributes: a language becomes a locale, and what is empty is left out (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"7": "spanish", "8": "gold"}, got.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	want := whmcs.Wish{Columns: []string{"city", "country", "language"}, CustomFields: []int64{31, 99}, Products: true}
	if diff := cmp.Diff(want, p.Needs()); diff != "" {
		t.Errorf("what is to be read of a client (-want +got):\n%s", diff)
	}
}

func TestNeedsOnlyWhatThePolicyUses(t *testing.T) {
	t.Parallel()
	p := clientsync.Policy{Fields: []clientsync.FieldRule{{Attribute: "name", Column: "full_name"}}, Groups: []clientsync.GroupRule{{ID: 1, Countries: []string{"ES"}}}}
	want := whmcs.Wish{Columns: []string{"country", "firstname", "lastname"}, Needed: []string{"country"}}
	if diff := cmp.Diff(want, p.Needs()); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
}
