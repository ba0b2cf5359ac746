package clientsync_test

import (
	"testing"

	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
	"github.com/whmcsync/whmcsync/workers/clientsync"
)

// BenchmarkWishAndDecide is what an unchanged client costs beside the reading: from memory alone, and with a listing.
func BenchmarkWishAndDecide(b *testing.B) {
	policy := clientsync.Policy{
		Statuses: []whmcs.ClientStatus{whmcs.ClientActive}, Consent: whmcs.ConsentOptIn, OptIn: true,
		Groups: []clientsync.GroupRule{{ID: 1}, {ID: 3}},
		Fields: []clientsync.FieldRule{{Attribute: "name", Column: "full_name"}, {Attribute: "locale", Column: "language"}},
	}
	person := clientsync.Person{Email: "ann@example.com", Clients: []whmcs.Client{{
		ID: 7, RawEmail: "ann@example.com", Status: whmcs.ClientActive, OptIn: true,
		Columns: map[string]string{"firstname": "Ann", "lastname": "Lee", "full_name": "Ann Lee", "language": "english"},
	}}}
	wish := policy.Wish(person)
	known := state.Memory{Key: person.Email, RecordID: 7, RemoteID: 70, Groups: []int64{1, 3}, Fingerprint: wish.Fingerprint, Version: 1}
	entry := maillist.Entry{
		ID: 70, Email: person.Email, Status: maillist.Active, Groups: []maillist.GroupID{1, 3}, GroupsKnown: true,
		Attributes: wish.Attributes,
	}
	for name, evidence := range map[string]clientsync.Evidence{"memory": {}, "listing": {Known: true, Entry: &entry}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d := policy.Decide(policy.Wish(person), known, evidence); d.Act != clientsync.Nothing {
					b.Fatal(d.Act)
				}
			}
		})
	}
}
