package report

import (
	"cmp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"github.com/whmcsync/whmcsync/internal/state"
)

// name is a domain or an address as people read it, with its punycode beside it where it has one.
type name struct {
	Text  string
	Plain string // "" = Text is all there is
}

// String is the name in one line.
func (n name) String() string {
	if n.Plain == "" {
		return n.Text
	}
	return n.Text + " (" + n.Plain + ")"
}

// nameOf makes a key readable. A record without one is told by its id.
func nameOf(key string, record int64) name {
	if key == "" {
		return name{Text: "record " + strconv.FormatInt(record, 10)}
	}
	if !strings.Contains(key, "xn--") {
		return name{Text: plain(key)}
	}
	at := strings.LastIndexByte(key, '@') + 1
	domain, err := idna.Display.ToUnicode(key[at:])
	if err != nil || domain == key[at:] {
		return name{Text: plain(key)}
	}
	return name{Text: plain(key[:at] + domain), Plain: plain(key)}
}

// longest is how many characters of one text are told.
const longest = 400

// plain is text on one line, without what would steer how it is shown, and not endlessly long.
func plain(text string) string {
	if most := 16 * longest; len(text) > most { // what is cut off below need not be read
		text = text[:most]
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r): // directions, joiners, marks that nobody sees
			return -1
		case unicode.IsControl(r):
			return ' '
		default:
			return r
		}
	}, strings.ToValidUTF8(text, "\uFFFD"))
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > longest {
		return string(runes[:longest]) + "..."
	}
	return string(runes)
}

// text is an old or new value as it is shown.
type text string

func value(raw string) text { return text(cmp.Or(plain(raw), "none")) }

// Short says that the value should stay on one line, as a date should.
func (t text) Short() bool { return len(t) <= len("2006-01-02") }

// piece is a part of a sentence; Code is what one types.
type piece struct {
	Text string
	Code bool
}

// pieces cuts a sentence at its backquotes.
func pieces(sentence string) []piece {
	var all []piece
	for i, part := range strings.Split(sentence, "`") {
		all = append(all, piece{part, i%2 == 1})
	}
	return all
}

// words reads not_found as "not found"; a sentence stays as it is.
func words(text string) string {
	if strings.Contains(text, " ") {
		return text
	}
	return strings.ReplaceAll(text, "_", " ")
}

var fieldNames = map[string]string{
	fieldStatus: "status", fieldExpiry: "expiry date", fieldNextDue: "due date", fieldNextInvoice: "invoice date",
	fieldBothDates: "due and invoice date", fieldAutoRenew: "auto-renew", fieldPrivacy: "ID protection",
}

func fieldWords(field string) string {
	said := ""
	if base, ok := strings.CutSuffix(field, remark); ok {
		field, said = base, " (remark)"
	}
	return cmp.Or(fieldNames[field], words(plain(field))) + said
}

var kindWords = map[state.RunKind]string{
	state.RunPass: "pass over all records", state.RunTouch: "records that were pointed at",
	state.RunApprove: "changes that were approved", state.RunRevert: "changes taken back",
}

var triggerWords = map[state.Trigger]string{
	state.BySchedule: "by schedule", state.ByHand: "by hand", state.ByCronKey: "by cron", state.ByHook: "by hook", state.ByPoll: "by poll",
	state.ByRetry: "tried again", state.ByApproval: "by approval", state.ByRevert: "by revert",
}

func resultWords(run state.Run) string {
	switch {
	case run.Notify && run.State == state.RunDone:
		return "done; nothing was written, changes are only noticed"
	default:
		return string(run.State)
	}
}

// counted is a number with its noun.
func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// grouped writes a number with its thousands apart: 12,345.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
