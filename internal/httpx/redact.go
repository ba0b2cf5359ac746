package httpx

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

const (
	mask    = "***"
	maxText = 300 // characters of foreign text in an error
)

// redactor removes secrets, in each form in which they may come back, from text.
type redactor struct{ replacer *strings.Replacer }

func newRedactor(secrets []string) redactor {
	var forms []string
	for _, secret := range secrets {
		if secret != "" {
			forms = append(forms, formsOf(secret)...)
		}
	}
	slices.SortFunc(forms, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range slices.Compact(forms) {
		pairs = append(pairs, form, mask)
	}
	return redactor{replacer: strings.NewReplacer(pairs...)}
}

func formsOf(secret string) []string {
	quoted, _ := json.Marshal(secret) // a string always marshals
	return []string{
		secret,
		tidy(secret),
		strings.Trim(string(quoted), `"`),
		url.QueryEscape(secret),
		url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)),
		base64.URLEncoding.EncodeToString([]byte(secret)),
	}
}

// text makes foreign text fit for an error: one line, no secret, not long. The order matters: tidying can join a secret
// together, cutting can leave half of one.
func (r redactor) text(s string) string {
	return shorten(r.replacer.Replace(tidy(s)), maxText)
}

// tidy makes one line of printable text, single-spaced.
func tidy(s string) string {
	printable := func(c rune) rune {
		if unicode.IsSpace(c) {
			return ' '
		}
		if !unicode.IsPrint(c) || c == unicode.ReplacementChar {
			return -1
		}
		return c
	}
	return strings.Join(strings.Fields(strings.Map(printable, s)), " ")
}

func shorten(s string, limit int) string {
	count := 0
	for i := range s {
		if count == limit {
			return s[:i] + "..."
		}
		count++
	}
	return s
}
