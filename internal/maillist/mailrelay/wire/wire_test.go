package wire_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/wire"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSubscriberAsDocumented(t *testing.T) {
	t.Parallel()
	var got wire.Subscriber
	if err := json.Unmarshal(fixture(t, "subscriber.json"), &got); err != nil {
		t.Fatal(err)
	}
	want := wire.Subscriber{
		ID: 17, Email: "Ana+news@example.test", Name: "Ana Niña", Status: "active", City: "Sevilla", Country: "ES",
		TimeZone: "Europe/Madrid", Locale: "es",
		CustomFields: wire.Fields{"11": "Añil S.L.", "12": "40", "13": "", "14": "a,b", "15": "true"},
		Groups:       wire.Groups{Known: true, IDs: []int64{1, 3}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSubscribersInOtherShapes(t *testing.T) {
	t.Parallel()
	var got []wire.Subscriber
	if err := json.Unmarshal(fixture(t, "subscribers_odd.json"), &got); err != nil {
		t.Fatal(err)
	}
	want := []wire.Subscriber{
		{ID: 18, Email: "a@example.test", Status: "pending", Unsubscribed: true, CustomFields: wire.Fields{"11": "x", "12": "7"}},
		{ID: 19, Bounced: true, CustomFields: wire.Fields{}},
		{ID: 20, Email: "c@example.test", Status: "Active", CustomFields: wire.Fields{}, Groups: wire.Groups{Known: true, IDs: []int64{1, 2, 9}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatCannotBeUnderstoodIsAnError(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		`{"id": "x"}`, `{"id": 1.5}`, `{"id": {}}`, `{"unsubscribed": "perhaps"}`, `{"unsubscribed": 2}`, `{"email": {}}`,
		`{"groups": {}}`, `{"groups": [{}]}`, `{"groups": ["x"]}`, `{"custom_fields": "x"}`, `{"custom_fields": {"1": {}}}`, `[]`,
	} {
		var got wire.Subscriber
		if err := json.Unmarshal([]byte(raw), &got); err == nil {
			t.Errorf("%s was taken for %+v", raw, got)
		}
	}
}

func TestRequestsAreAsReviewed(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]wire.Sync{
		"sync_request.json": {
			Email: "ana@example.test", Status: "active", GroupIDs: []int64{1, 3},
			Attributes:   map[string]string{"name": "Ana", "country": "ES", "status": "must not win", "restore_if_deleted": "true"},
			CustomFields: map[string]string{"11": "Añil S.L."},
		},
		"detach_request.json": {Email: "ana@example.test", Status: "inactive", ReplaceGroups: true},
	} {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plain(t, fixture(t, name)), plain(t, raw)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func plain(t *testing.T, raw []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestBatchAnswersInSeveralShapes(t *testing.T) {
	t.Parallel()
	var got wire.Batch
	if err := json.Unmarshal(fixture(t, "batch.json"), &got); err != nil {
		t.Fatal(err)
	}
	want := []wire.Result{
		{ID: "0", Code: 201, Body: json.RawMessage(`{"id": 17}`)},
		{ID: "1", Code: 422, Body: json.RawMessage(`{"errors": {"email": ["is invalid"]}}`)},
		{ID: "2"},
	}
	if diff := cmp.Diff(want, got.Operations); diff != "" {
		t.Error(diff)
	}
}

// FuzzSubscriber holds the decoder to: no panic, and what is understood is well formed.
func FuzzSubscriber(f *testing.F) {
	f.Add(fixture(f, "subscriber.json"))
	f.Add([]byte(`{"id":"9","groups":[{"group_id":"7"},7],"custom_fields":[{"id":1,"value":[1,[2]]}]}`))
	f.Add([]byte(`{"id":1e3,"groups":[null]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var got wire.Subscriber
		if json.Unmarshal(raw, &got) != nil {
			return
		}
		if !slices.IsSorted(got.Groups.IDs) || slices.Contains(got.Groups.IDs, 0) {
			t.Errorf("groups %v of %s", got.Groups.IDs, raw)
		}
		if len(got.Groups.IDs) > 0 && !got.Groups.Known {
			t.Errorf("groups that nobody told: %s", raw)
		}
	})
}
