package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeHook(t *testing.T) {
	t.Parallel()
	many := strings.TrimSuffix(strings.Repeat("7,", maxHookIDs+1), ",")
	cases := map[string]struct {
		body string
		want hookEvent
		fail string
	}{
		"ids are sorted, each once":          {body: `{"v":1,"event":"ClientEdit","clients":[9,3,9]}`, want: hookEvent{V: 1, Event: "ClientEdit", Clients: []int64{3, 9}}},
		"unknown keys are left alone":        {body: `{"v":1,"event":"ClientsChanged","clients":[1],"services":[2],"x":{"y":1}}`, want: hookEvent{V: 1, Event: "ClientsChanged", Clients: []int64{1}}},
		"domains are tidied, too":            {body: `{"v":1,"event":"DomainEdit","domains":[9,3,9]}`, want: hookEvent{V: 1, Event: "DomainEdit", Domains: []int64{3, 9}}},
		"clients and domains together":       {body: `{"v":1,"event":"ClientsChanged","clients":[2],"domains":[1]}`, want: hookEvent{V: 1, Event: "ClientsChanged", Clients: []int64{2}, Domains: []int64{1}}},
		"an unknown event has no ids":        {body: `{"v":1,"event":"InvoicePaid","clients":[0],"invoices":[1]}`, want: hookEvent{V: 1, Event: "InvoicePaid"}},
		"a known one of domains needs ids":   {body: `{"v":1,"event":"DomainDelete","clients":[],"domains":[]}`, fail: "1 to 1000 ids"},
		"both are counted together":          {body: `{"v":1,"event":"ClientsChanged","clients":[1],"domains":[` + strings.TrimPrefix(many, "7,") + `]}`, fail: "1 to 1000 ids"},
		"no domain beyond the column":        {body: `{"v":1,"event":"DomainEdit","domains":[2147483648]}`, fail: "no domain id"},
		"a known event needs ids":            {body: `{"v":1,"event":"ClientEdit"}`, fail: "1 to 1000 ids"},
		"not more ids than one page makes":   {body: `{"v":1,"event":"ClientEdit","clients":[` + many + `]}`, fail: "1 to 1000 ids"},
		"no negative id":                     {body: `{"v":1,"event":"ClientEdit","clients":[-4]}`, fail: "-4 is no client id"},
		"no id beyond the column":            {body: `{"v":1,"event":"ClientEdit","clients":[2147483648]}`, fail: "no client id"},
		"no fraction":                        {body: `{"v":1,"event":"ClientEdit","clients":[1.5]}`, fail: "must be JSON"},
		"no text for a number":               {body: `{"v":1,"event":"ClientEdit","clients":["1"]}`, fail: "must be JSON"},
		"an event":                           {body: `{"v":1,"clients":[1]}`, fail: "event is missing"},
		"a version":                          {body: `{"event":"ClientEdit","clients":[1]}`, fail: "version 0"},
		"nothing behind the end":             {body: `{"v":1,"event":"ClientEdit","clients":[1]}{}`, fail: "must be JSON"},
		"null is no event":                   {body: `null`, fail: "version 0"},
		"the error does not repeat the body": {body: `{"v":1,"event":"ClientEdit","clients":["person@example.com"]}`, fail: "must be JSON"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeHook([]byte(c.body))
			if c.fail == "" {
				if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
					t.Errorf("%v\n%s", err, diff)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.fail) || strings.Contains(err.Error(), "@") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzDecodeHook(f *testing.F) {
	f.Add([]byte(`{"v":1,"event":"ClientEdit","clients":[12]}`))
	f.Add([]byte(`{"v":1,"event":"AfterClientMerge","clients":[2,1,2],"more":[]}`))
	f.Add([]byte(`{"v":1,"event":"DomainEdit","clients":[],"domains":[4,4]}`))
	f.Add([]byte(`{"V":1,"EVENT":"ClientAdd","clients":[1e3]}`))
	f.Add([]byte(`[[[[{{{`))
	f.Fuzz(func(t *testing.T, body []byte) {
		event, err := decodeHook(body)
		if err != nil || !event.known() {
			return
		}
		if problem := wrongWith(event); problem != "" {
			t.Errorf("%q passed although %s: %+v", body, problem, event)
		}
	})
}

// wrongWith says what of the promise of decodeHook does not hold.
func wrongWith(e hookEvent) string {
	switch {
	case len(e.Clients)+len(e.Domains) == 0 || len(e.Clients)+len(e.Domains) > maxHookIDs:
		return fmt.Sprintf("it has %d and %d ids", len(e.Clients), len(e.Domains))
	case !inOrder(e.Clients) || !inOrder(e.Domains):
		return "ids are not sorted, each once and in range"
	}
	return ""
}

func inOrder(ids []int64) bool {
	once := len(slices.Compact(slices.Clone(ids))) == len(ids)
	return slices.IsSorted(ids) && once && (len(ids) == 0 || ids[0] >= 1 && ids[len(ids)-1] <= maxHookID)
}
