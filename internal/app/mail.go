package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/mail"
	"github.com/whmcsync/whmcsync/internal/queue"
	"github.com/whmcsync/whmcsync/internal/report"
	"github.com/whmcsync/whmcsync/internal/server"
	"github.com/whmcsync/whmcsync/internal/state"
	"github.com/whmcsync/whmcsync/tasks"
)

const (
	mailTime   = 2 * time.Minute  // of one try
	adminsTime = 20 * time.Second // to read who the administrators are

	changesTold  = 5000  // of each state, at most, in one mail
	failuresTold = 10000 // at most, in one mail
)

// mails says whether the runs of a sync are mailed to anybody.
func (a *App) mails(cfg config.Sync) bool {
	return a.Config.Mail.Host != "" && (len(cfg.Report.To) > 0 || cfg.Report.Admins)
}

// mailed is what is kept with a mail's task.
type mailed struct {
	Taken int `json:"taken"` // recipients for whom the server took it in this try
}

// onMail mails the report of a run to those of its recipients who do not have it yet.
func (a *App) onMail(ctx context.Context, t queue.Task) (any, error) {
	task, err := tasks.Decode[tasks.Mail](t.Payload)
	if err != nil {
		return nil, undecoded(err)
	}
	return a.tell(ctx, task.Run, state.ReportMail, mailTime, func(ctx context.Context, t *telling, run state.Run) (any, error) {
		cfg, configured := a.Config.Syncs[run.Sync]
		if !configured || !a.mails(cfg) {
			return untold{"it is not configured any more"}, nil
		}
		return t.mail(ctx, run, cfg)
	})
}

func (t *telling) mail(ctx context.Context, run state.Run, cfg config.Sync) (any, error) {
	in, err := t.reportInput(ctx, run, cfg)
	if err != nil {
		return nil, err
	}
	written, worth, err := report.Compose(in)
	if err != nil {
		return nil, fault.New(fault.Refused, "", "compose the report", "%w", err)
	}
	if !worth && (!cfg.Report.Empty || run.Kind == state.RunTouch) {
		return untold{"nothing to tell"}, nil
	}
	to, err := t.recipients(ctx, cfg)
	if err != nil {
		return nil, err
	}
	to = slices.DeleteFunc(to, func(address string) bool { return t.has(mark(address)) })
	if len(to) == 0 {
		return untold{"nobody is left to be told"}, nil
	}
	letter := mail.Message{ID: messageID(run), Subject: written.Subject, HTML: written.HTML, Text: written.Text, Date: run.Finished}
	var done mailed
	err = t.mailer().Send(ctx, letter, to, func(address string) {
		done.Taken++
		t.note(ctx, mark(address))
	})
	return done, err
}

func (a *App) mailer() *mail.Sender {
	m := a.Config.Mail
	return mail.New(mail.Config{Host: m.Host, Port: m.Port, From: m.From, Username: m.Username, Password: m.Password.Reveal(), TLS: m.TLS})
}

// messageID is the same whenever the mail about an end of a run is sent, and no other install's.
func messageID(run state.Run) string {
	return fmt.Sprintf("%s.%d.%d", run.Sync, run.ID, run.Finished.UnixMicro())
}

// bare is an address without a name beside it.
func bare(address string) string {
	parsed, err := netmail.ParseAddress(address)
	if err != nil {
		return address
	}
	return parsed.Address
}

// recipients are those who are named and, where that is wanted, the administrators of WHMCS. Administrators who cannot be
// read keep nobody else waiting.
func (a *App) recipients(ctx context.Context, cfg config.Sync) ([]string, error) {
	var to []string
	for _, address := range cfg.Report.To {
		to = append(to, bare(address))
	}
	if cfg.Report.Admins {
		admins, err := a.adminMails(ctx, cfg)
		switch {
		case err != nil && len(to) == 0:
			return nil, err
		case err != nil:
			a.Log.Warn().Err(err).Str("source", cfg.Source).Msg("the report goes without the administrators, who cannot be read")
		}
		to = append(to, admins...)
	}
	slices.SortStableFunc(to, func(x, y string) int { return compareText(strings.ToLower(x), strings.ToLower(y)) })
	return slices.CompactFunc(to, strings.EqualFold), nil
}

func (a *App) adminMails(ctx context.Context, cfg config.Sync) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, adminsTime)
	defer cancel()
	db, _, err := a.sources[cfg.Source].open(ctx)
	if err != nil {
		return nil, err
	}
	features, err := db.ProbeDomains(ctx)
	if err != nil {
		return nil, err
	}
	if !features.Admins {
		return nil, fault.New(fault.Refused, cfg.Source, "read who gets the system mails", "it is not granted; see `whmcsync check`")
	}
	return db.AdminMails(ctx)
}

// mark is what is kept of a recipient who has the mail.
func mark(address string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(address)))
	return hex.EncodeToString(sum[:8])
}

// reportInput reads what a report tells, never more than fits into a mail and into memory.
func (a *App) reportInput(ctx context.Context, run state.Run, cfg config.Sync) (report.Input, error) {
	in := report.Input{Run: run, Type: cfg.Type, Source: cfg.Source, Account: cfg.Account, Zone: cfg.Timezone, PublicURL: a.Config.HTTP.PublicURL}
	told := []state.ChangeState{state.ChangeApplied, state.ChangeNoticed, state.ChangeHeld}
	for _, as := range told {
		changes, err := a.Store.Changes(ctx, state.ChangeFilter{RunID: run.ID, State: as, Limit: changesTold})
		if err != nil {
			return in, err
		}
		in.Changes = append(in.Changes, changes...)
	}
	totals, err := a.Store.ChangeTotals(ctx, run.ID)
	if err != nil {
		return in, err
	}
	for _, total := range totals {
		if slices.Contains(told, total.State) {
			in.Unread += total.N
		}
	}
	in.Unread = max(0, in.Unread-int64(len(in.Changes)))
	if in.Failures, err = a.Store.Failures(ctx, state.FailureFilter{Sync: run.Sync, Limit: failuresTold}); err != nil {
		return in, err
	}
	open, err := a.Store.CountFailures(ctx, run.Sync)
	if err != nil {
		return in, err
	}
	for _, n := range open {
		in.Open += n
	}
	transfers, err := a.underway(ctx, run.Sync)
	for _, one := range transfers {
		in.Underway = append(in.Underway, report.Underway{Key: one.Name, RecordID: one.RecordID, Age: server.DaysWords(one.Days), Says: one.Says})
	}
	return in, err
}

// mailServer proves that the mail server lets us in; nothing is sent.
func (c *checker) mailServer(ctx context.Context) []Finding {
	s := subject{"mail", c.Config.Mail.Host}
	if err := c.mailer().Check(ctx); err != nil {
		return []Finding{s.broken(mailHint(err), err)}
	}
	return []Finding{s.ok("takes mail from us (%s)", c.Config.Mail.TLS)}
}

// mailHint names the way out of an error of the mail server: its own, where it has one.
func mailHint(err error) string {
	_, way := fault.Advice(err)
	switch {
	case way != "":
		return way
	case fault.ClassOf(err) == fault.Auth:
		return "look at mail.username and mail.password"
	case fault.ClassOf(err) == fault.Transient:
		return "is the server running, and are mail.host, mail.port and mail.tls right?"
	default:
		return "look at mail.port and mail.tls: STARTTLS is usual at port 587, TLS at port 465"
	}
}
