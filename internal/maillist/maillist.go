package maillist

import "context"

// GroupID is a group's id at the mailing list.
type GroupID int64

// Status is whether the list sends to a subscriber, apart from any suppression.
type Status string

// The two states a list knows.
const (
	Active   Status = "active"
	Inactive Status = "inactive" // not (or not yet) confirmed
)

// Suppression is why a person must never be written to again by us. The zero value is "nothing in the way".
type Suppression string

// Reasons, strongest first: when several hold, the first is reported.
const (
	NotSuppressed Suppression = ""
	Complained    Suppression = "complained"   // reported spam
	Banned        Suppression = "banned"       // by the account's owner or by the provider
	Unsubscribed  Suppression = "unsubscribed" // left by own will
	Bounced       Suppression = "bounced"      // the address does not work
	Deleted       Suppression = "deleted"      // removed from the list by somebody
)

// Attributes are a subscriber's plain fields that the list has columns for, by the list's own field name
// ("name", "locale", "country", "city", ...). Fields are its custom fields by custom field id.
type Attributes map[string]string

// Subscriber is what we want the list to hold of one person.
type Subscriber struct {
	Email         string // the address as the list spells it when known, else normalised (lower case, punycode)
	Status        Status
	Attributes    Attributes
	Fields        map[string]string
	Groups        []GroupID // sorted
	ReplaceGroups bool      // true: exactly these groups; false: at least these
}

// Entry is what the list holds of one person.
type Entry struct {
	ID          int64
	Email       string // as the list spells it
	Status      Status
	Attributes  Attributes
	Fields      map[string]string
	Groups      []GroupID // sorted; meaningless unless GroupsKnown
	GroupsKnown bool
	Suppression Suppression
}

// Result of an Upsert.
type Result struct {
	Created bool
	Entry   Entry // as the list holds it now; zero ID when the answer did not say
}

// Cursor is where a listing goes on. The zero value is the start. Opaque to everybody but the vendor; small, printable,
// and stored between pages.
type Cursor string

// Page is one slice of a listing. A listing has ended when Done is true; an ended page may hold entries.
type Page struct {
	Entries []Entry
	Next    Cursor
	Done    bool
	Total   int // how many the list says it holds, for progress only; 0 = unknown
	// Gaps says that somebody may have been missed between the page before and this one, because people were deleted
	// meanwhile: then a person who is not listed has to be looked up before that is believed.
	Gaps bool
}

// Destination is a mailing list account. All methods may be called by many goroutines at once. Errors are *fault.Error:
// Transient, RateLimited, Auth, Rejected, Protocol, and NotFound where said.
type Destination interface {
	// ListPage reads one page of all subscribers, suppressed ones included, with their groups. Every subscriber that
	// exists throughout the listing is on at least one page, unless a page says Gaps; one that moves may be on two.
	ListPage(ctx context.Context, after Cursor) (Page, error)
	// Find looks one person up, live, by address (any spelling). fault.NotFound when the list does not know it.
	Find(ctx context.Context, email string) (Entry, error)
	// Upsert creates or updates by address. It never brings back a deleted person: that is fault.Rejected with a
	// *DeletedError inside. The caller has made sure that the person is not suppressed.
	Upsert(ctx context.Context, s Subscriber) (Result, error)
	// Detach takes the person out of the groups given and leaves everything else (status, other groups) as entry
	// says it is. Without any of those groups it does nothing.
	Detach(ctx context.Context, entry Entry, groups []GroupID) (Entry, error)
}

// DeletedLister is a Destination that can also list the people that were deleted from it.
type DeletedLister interface {
	// ListDeletedPage pages like ListPage; every entry has Suppression Deleted. A list that cannot do it after all
	// answers with an ended, empty page.
	ListDeletedPage(ctx context.Context, after Cursor) (Page, error)
}

// Writer is a Destination that takes many upserts in one background job. The results and errors are in the order of
// the subscribers given, one error (or nil) each; err is for the job as a whole.
type Writer interface {
	UpsertAll(ctx context.Context, all []Subscriber) (results []Result, errs []error, err error)
}

// Checker is a Destination that can prove its credentials and settings without changing anything.
type Checker interface {
	// Check proves the credentials (fault.Auth when refused) and says which of the groups and custom fields given do
	// not exist, and how much room is left.
	Check(ctx context.Context, groups []GroupID, fields []string) (Health, error)
}

// Health is what a Check found.
type Health struct {
	Groups        map[GroupID]string // name by id, for those asked for that exist
	MissingGroups []GroupID
	MissingFields []string
	Used, Limit   int // subscribers; Limit 0 = unknown
}

// DeletedError is the cause inside a Rejected error when the person was deleted from the list.
type DeletedError struct{ Text string }

func (e *DeletedError) Error() string { return "deleted from the list: " + e.Text }
