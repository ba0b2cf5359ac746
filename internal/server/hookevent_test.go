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
		"an unknown event needs no ids":      {body: `{"v":1,"event":"DomainEdit","domains":[1]}`, want: hookEvent{V: 1, Event: "DomainEdit"}},
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
	case len(e.Clients) == 0 || len(e.Clients) > maxHookIDs:
		return fmt.Sprintf("it has %d ids", len(e.Clients))
	case !slices.IsSorted(e.Clients) || len(slices.Compact(slices.Clone(e.Clients))) != len(e.Clients):
		return "ids are not sorted, each once"
	case e.Clients[0] < 1 || e.Clients[len(e.Clients)-1] > maxHookClient:
		return "an id is out of range"
	}
	return ""
}
