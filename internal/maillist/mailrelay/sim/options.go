package sim

import (
	"cmp"
	"time"
)

// Options shape a Server. APIKey is required.
type Options struct {
	APIKey           string
	PageCap          int           // largest per_page; more is cut down without a word; default 1000
	RatePerSecond    float64       // calls a second before 429; 0 = any number
	Burst            int           // calls at once before 429; default one second's worth
	Latency          time.Duration // added to each call
	Groups           []Group       // default: three
	Fields           []Field       // default: two
	SubscribersLimit int           // of the package; default 1,000,000
	Unsubscribed     Unsubscribed  // what sync with status active does to them
	ByID             ByID          // whether listings can go by id
	HideGroups       bool          // lists do not tell the groups, though asked for
	Clock            func() time.Time
}

// Group is one group of the account.
type Group struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// Field is one custom field of the account.
type Field struct {
	ID      int64  `json:"id"`
	TagName string `json:"tag_name"`
	Label   string `json:"label"`
}

// Unsubscribed says what a sync with status active does to a person who unsubscribed.
type Unsubscribed int

// The possible answers; the real one is not published.
const (
	Reactivate Unsubscribed = iota // they get mail again: the worst case
	Keep                           // 200, but they stay unsubscribed
	Refuse                         // 422
)

// ByID says what becomes of q[id_gt] and q[s].
type ByID int

// The possible answers.
const (
	Obeyed  ByID = iota
	Ignored      // as if they had not been there
	Denied       // 400
)

func (o Options) withDefaults() Options {
	o.PageCap = cmp.Or(o.PageCap, 1000)
	o.SubscribersLimit = cmp.Or(o.SubscribersLimit, 1_000_000)
	if o.Groups == nil {
		o.Groups = []Group{{1, "Newsletter"}, {2, "Product news"}, {3, "Hosting customers"}}
	}
	if o.Fields == nil {
		o.Fields = []Field{{11, "company", "Company"}, {12, "client_id", "Client number"}}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o
}
