package whmcs

import "time"

// ClientStatus is tblclients.status.
type ClientStatus string

// The members of the enum.
const (
	ClientActive   ClientStatus = "Active"
	ClientInactive ClientStatus = "Inactive"
	ClientClosed   ClientStatus = "Closed"
)

// Client is one row of tblclients, text already free of HTML entities.
type Client struct {
	ID       int64
	RawEmail string // as stored, entities decoded; see NormalizeEmail
	Status   ClientStatus
	GroupID  int64 // client group, 0 = none
	OptOut   bool  // emailoptout: the older "no mass mail" flag
	OptIn    bool  // marketing_emails_opt_in; meaningless unless Columns says it exists
	// Columns holds the text columns that were asked for and exist, by column name, plus full_name (first and last name
	// joined by one space).
	Columns map[string]string
	// CustomFields are the client's own custom field values by field id, for the ids asked for.
	CustomFields map[int64]string
	// Products are the ids of the products of which the client has an active service, sorted; only when asked for.
	Products []int64
}

// Consent is the rule by which a client may be mailed.
type Consent string

// The three rules of the `consent` setting.
const (
	ConsentOptIn       Consent = "opt_in"        // marketing_emails_opt_in=1 and emailoptout=0 (before 7.5: emailoptout=0)
	ConsentNotOptedOut Consent = "not_opted_out" // emailoptout=0
	ConsentAll         Consent = "all"           // everybody; has to be written out
)

// Features says which optional parts of this WHMCS install exist, found out by looking at its columns.
type Features struct {
	Version      string          // tblconfiguration Version, "" when unreadable
	Columns      map[string]bool // columns of tblclients we may read
	OptIn        bool            // marketing_emails_opt_in exists (7.5 and later)
	CustomFields bool            // tblcustomfields and tblcustomfieldsvalues are readable
	Services     bool            // tblhosting is readable
	UpdatedAt    bool            // tblclients.updated_at exists
	WriteOptOut  bool            // we may UPDATE emailoptout (and marketing_emails_opt_in where it exists)
	ActivityLog  bool            // we may INSERT into tblactivitylog
	Missing      []string        // what was wished for and is not there, in plain words with the way out
}

// Wish is what a sync wants to read of each client beyond id, e-mail, status, group and consent.
type Wish struct {
	Columns      []string // tblclients columns; one that is missing is left out
	Needed       []string // of Columns, those that rules decide upon: without one nothing is read
	CustomFields []int64  // tblcustomfields ids
	Products     bool
}

// Spot is the little that a survey reads of each record: enough to cut batches and to find records that share a key.
type Spot struct {
	ID  int64
	Raw string // a client's address or a domain's name as stored, entities decoded
}

// Change of clients since a moment, as far as updated_at tells. A hint, never the truth.
type Changed struct {
	IDs    []int64
	Cursor time.Time // look from here next time (the database's clock)
}
