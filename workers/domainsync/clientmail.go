package domainsync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/internal/whmcs"
)

// Mailer has WHMCS send one of its domain mails to the owner of a domain, by the template's name and tbldomains.id.
// Errors are *fault.Error; Auth when WHMCS refuses our credentials. A mail may have been sent in spite of an error.
type Mailer interface {
	SendEmail(ctx context.Context, template string, domainID int64) error
}

// FieldClientMail is the field of a change that is a mail to a client; the new value is the template. It is planned with
// the change of the status that it is about.
const FieldClientMail = "client_mail"

// mailFailure begins the messages of failures that are a mail. The domain itself is done and leaves the sync, so nothing
// but a person ends them.
const mailFailure = "client mail "

// lasts says whether only a person ends a failure.
func lasts(f state.Failure) bool {
	return strings.HasPrefix(f.Message, mailFailure) || strings.HasPrefix(f.Message, renewalFailure)
}

// template is the mail that goes with the plan; "" = none.
func (e *errand) template(d Decision) string {
	if !e.Transfers || e.Mailer == nil {
		return ""
	}
	for _, c := range d.Changes {
		switch {
		case c.Field != FieldStatus || c.Old != string(whmcs.DomainPendingTransfer):
		case c.New == string(whmcs.DomainActive):
			return "Domain Transfer Completed"
		case c.New == string(whmcs.DomainCancelled):
			return "Domain Transfer Failed"
		}
	}
	return ""
}

// withMail is the plan with its mail, if any, at the end.
func (e *errand) withMail(d Decision) []state.Change {
	template := e.template(d)
	if template == "" {
		return d.Changes
	}
	return append(slices.Clip(d.Changes), d.newChange(FieldClientMail, "", template, state.SideSource, false))
}

// tell has WHMCS mail the client, once the row is written: whoever finds it written sends nothing, so that a crash loses a
// mail rather than sending two. An error changes nothing about the row; refused credentials end the batch.
func (e *errand) tell(ctx context.Context, d Decision, claimed state.Claimed, settlements []state.Settlement) ([]state.Settlement, error) {
	template := e.template(d)
	if template == "" {
		return settlements, nil
	}
	mail := state.Settlement{ChangeIDs: claimed.ChangeIDs[len(d.Changes):], State: state.ChangeApplied}
	err := e.send(ctx, template, d.Row.ID)
	if err == nil {
		return append(settlements, mail), nil
	}
	mail.State = state.ChangeFailed
	mail.Failures = []state.Failure{e.failure(d, string(fault.ClassOf(err)), fmt.Sprintf(mailFailure+"%q: %v", template, err))}
	if !fault.Is(err, fault.Auth) {
		err = nil
	}
	return append(settlements, mail), err
}

// send asks for the mail unless WHMCS has left too many in a row without an answer: each costs its whole time limit.
func (e *errand) send(ctx context.Context, template string, domainID int64) error {
	if e.mails.Out() {
		return fault.New(fault.Held, "", "", "not asked for, since WHMCS did not answer about others before")
	}
	err := e.Mailer.SendEmail(ctx, template, domainID)
	e.mails.Answered(err)
	return err
}
