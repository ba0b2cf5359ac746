package report

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/whmcsync/whmcsync/internal/state"
)

// Input is all that a report is made of.
type Input struct {
	Run       state.Run
	Type      string // clients | domains | transfers
	Source    string
	Account   string
	Zone      *time.Location  // in which moments are told; nil = UTC
	PublicURL string          // of our pages, without a slash at the end; "" = no links
	Changes   []state.Change  // of the run, in any order; only those applied, noticed and held are told
	Unread    int64           // changes of the run beyond Changes
	Failures  []state.Failure // open ones of the sync, in any order
	Open      int             // all open failures of the sync, those of Failures among them
	Underway  []Underway      // transfers in that go on, the oldest first
}

// Mail is a report in both forms of a mail.
type Mail struct {
	Subject string
	HTML    string
	Text    string
}

// A section shows at most rowsOfSection rows, and all together rowsOfMail: what is much longer is cut off by some who show
// mails. The command line shows the others.
const (
	rowsOfSection = 200
	rowsOfMail    = 500
)

//go:embed layout
var layout embed.FS

var (
	htmlLayout = htmltemplate.Must(htmltemplate.New("report.gohtml").Funcs(htmltemplate.FuncMap{"pieces": pieces}).ParseFS(layout, "layout/report.gohtml"))
	textLayout = texttemplate.Must(texttemplate.ParseFS(layout, "layout/report.gotxt"))
)

// Compose writes the report of a run that has ended. worth is false when it tells nothing that anybody has to know: nothing
// was changed, held or newly failed. Transfers that go on are shown beside that, and are no news of their own. Small runs,
// about records that were pointed at, are worth a mail only when they failed, or found a new failure, or hold something. The
// same input gives the same mail.
func Compose(in Input) (mail Mail, worth bool, err error) {
	in.Zone = zoneOr(in.Zone, time.UTC)
	p := in.page()
	var html, text bytes.Buffer
	if err := htmlLayout.Execute(&html, p); err != nil {
		return Mail{}, false, fmt.Errorf("compose the report: %w", err)
	}
	if err := textLayout.Execute(&text, p); err != nil {
		return Mail{}, false, fmt.Errorf("compose the report: %w", err)
	}
	return Mail{Subject: p.Title + ": " + p.Summary, HTML: html.String(), Text: text.String()}, in.worth(p), nil
}

func zoneOr(zone, otherwise *time.Location) *time.Location {
	if zone == nil {
		return otherwise
	}
	return zone
}

// page is what the layouts show.
type page struct {
	Title    string
	Summary  string
	Noun     string // what a record is
	Facts    []fact
	Trouble  trouble
	Unread   string // what is not told, "" = everything is
	Standing string // what an earlier run has told, and stands
	Sections []section
	Underway underway
	Links    []link
}

type fact struct{ Label, Value string }

type link struct{ Label, URL string }

func (in Input) page() page {
	groups := in.grouped()
	lists := len(groups) + 1 // the errors
	if len(in.Underway) > 0 {
		lists++
	}
	limit := min(rowsOfSection, rowsOfMail/lists)
	p := page{Facts: in.facts(), Trouble: in.trouble(limit), Underway: in.underway(limit), Links: in.links()}
	for _, g := range groups {
		p.Sections = append(p.Sections, in.section(g, limit))
	}
	p.Title, p.Noun = titleOf(in.Type)
	if in.Unread > 0 {
		p.Unread = fmt.Sprintf("The run made %s more than can be told here: `%s`", counted(in.Unread, "change", "changes"), in.command("changes"))
	}
	if n := in.Run.Counts[state.CountStanding]; n > 0 {
		stands := counted(n, "difference was noticed before and still stands", "differences were noticed before and still stand")
		p.Standing = fmt.Sprintf("%s: `%s`", stands, in.command("noticed"))
	}
	p.Summary = in.summary(p)
	return p
}

// more says how many rows are left out, "" = none, and how to see them.
func (in Input) more(n int, what string) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf("%s more: `%s`", grouped(int64(n)), in.command(what))
}

func titleOf(kind string) (title, noun string) {
	switch kind {
	case "clients":
		return "Client Synchronisation Report", "Client"
	case "transfers":
		return "Transfer Synchronisation Report", "Domain"
	default:
		return "Domain Synchronisation Report", "Domain"
	}
}

// command is the call of the program that shows all of it.
func (in Input) command(what string) string {
	switch what {
	case "failures":
		return "whmcsync failures " + in.Run.Sync + " --limit 0"
	case "transfers":
		return "whmcsync status " + in.Run.Sync + " --transfers"
	case "noticed":
		return "whmcsync changes " + in.Run.Sync + " --state noticed --limit 0"
	default:
		return fmt.Sprintf("whmcsync changes %s --run %d --limit 0", in.Run.Sync, in.Run.ID)
	}
}

// summary is the report in one line: op-domains, 2 errors, 14 expiry dates, 3 held.
func (in Input) summary(p page) string {
	parts := []string{in.Run.Sync}
	if in.Run.Notify {
		parts[0] += " (nothing was written)"
	}
	switch in.Run.State {
	case state.RunFailed:
		parts = append(parts, "the run failed")
	case state.RunHeld:
		parts = append(parts, "the run is held")
	}
	if n := p.Trouble.N; n > 0 {
		parts = append(parts, counted(n, "error", "errors"))
	}
	if in.Unread > 0 {
		return strings.Join(append(parts, counted(in.Unread+int64(len(in.told())), "change", "changes")), ", ")
	}
	for _, s := range p.Sections {
		parts = append(parts, s.inWords())
	}
	if n := len(in.Underway); n > 0 {
		parts = append(parts, grouped(int64(n))+" under way")
	}
	if len(parts) == 1 {
		parts = append(parts, "nothing to report")
	}
	return strings.Join(parts, ", ")
}

func (in Input) worth(p page) bool {
	held := slices.ContainsFunc(p.Sections, func(s section) bool { return s.Held })
	serious := in.Run.State != state.RunDone || p.Trouble.N > 0 || held
	if in.Run.Kind == state.RunTouch {
		return serious
	}
	return serious || len(p.Sections) > 0 || in.Unread > 0
}

func (in Input) facts() []fact {
	run := in.Run
	facts := []fact{
		{"Sync", fmt.Sprintf("%s: %s of WHMCS %s and account %s", run.Sync, in.Type, in.Source, in.Account)},
		{"Run", fmt.Sprintf("%d, %s, %s", run.ID, kindWords[run.Kind], triggerWords[run.Trigger])},
		{"Time", in.span()},
		{"Result", resultWords(run)},
	}
	if n := run.Counts[state.CountRecords]; n > 0 {
		looked := grouped(n) + " looked at, " + grouped(run.Counts[state.CountUnchanged]) + " unchanged"
		facts = append(facts, fact{"Records", looked})
	}
	return facts
}

// span tells when the run took place.
func (in Input) span() string {
	began := in.Run.Started.In(in.Zone)
	took := in.Run.Finished.Sub(in.Run.Started).Round(time.Second)
	return fmt.Sprintf("%s, took %s", began.Format("2006-01-02 15:04:05 MST"), took)
}

func (in Input) links() []link {
	if in.PublicURL == "" {
		return nil
	}
	base := strings.TrimSuffix(in.PublicURL, "/")
	return []link{
		{"Status", base + "/"}, {"Runs", base + "/runs"}, {"Failures of this sync", base + "/failures?sync=" + in.Run.Sync},
	}
}
