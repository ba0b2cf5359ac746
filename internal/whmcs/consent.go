package whmcs

import (
	"errors"
	"fmt"
)

// MayMail says whether the rule allows mass mail to the client. optInExists is Features.OptIn: without that column
// opt_in falls back to the older flag. A rule that is none of the three allows nothing.
func (c Client) MayMail(rule Consent, optInExists bool) bool {
	switch rule {
	case ConsentAll:
		return true
	case ConsentNotOptedOut:
		return !c.OptOut
	case ConsentOptIn:
		return !c.OptOut && (c.OptIn || !optInExists)
	}
	return false
}

// MailFlags are the consent columns of one client as they stood at one moment: what an opt-out that is written back
// to WHMCS replaces, and what undoing it restores.
type MailFlags struct {
	OptOut   bool // emailoptout
	OptIn    bool // marketing_emails_opt_in
	HasOptIn bool // whether that column exists
}

// OptedOut are the flags of a client who must not be mailed.
func OptedOut(hasOptIn bool) MailFlags { return MailFlags{OptOut: true, HasOptIn: hasOptIn} }

// String is the form that is kept in the history of changes, `emailoptout=0 marketing_emails_opt_in=1`.
// ParseMailFlags reads it.
func (f MailFlags) String() string {
	text := fmt.Sprintf("emailoptout=%d", digit(f.OptOut))
	if f.HasOptIn {
		text += fmt.Sprintf(" marketing_emails_opt_in=%d", digit(f.OptIn))
	}
	return text
}

// ParseMailFlags reads what MailFlags.String wrote.
func ParseMailFlags(text string) (MailFlags, error) {
	for _, f := range []MailFlags{
		{},
		{OptOut: true},
		{HasOptIn: true},
		{HasOptIn: true, OptIn: true},
		{HasOptIn: true, OptOut: true},
		{HasOptIn: true, OptOut: true, OptIn: true},
	} {
		if f.String() == text {
			return f, nil
		}
	}
	return MailFlags{}, errors.New("these are no consent flags")
}

func digit(flag bool) int {
	if flag {
		return 1
	}
	return 0
}
