package obs

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"
)

// minSecret is the length below which hiding a value would blank out ordinary words.
const minSecret = 4

const hidden = "***"

// Redact returns a writer that puts *** in the place of every secret, as it is and as JSON, URLs and basic
// authentication spell it. It looks at one Write at a time, so each must hold whole lines, as a logger's do. Secrets
// shorter than 4 bytes are not hidden.
func Redact(w io.Writer, secrets []string) io.Writer {
	spellings := make([]string, 0, 5*len(secrets))
	for _, secret := range secrets {
		if len(secret) >= minSecret {
			spellings = append(spellings, spell(secret)...)
		}
	}
	// Longest first: a secret that begins with another one must be hidden whole.
	slices.SortFunc(spellings, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(spellings))
	for _, text := range spellings {
		pairs = append(pairs, text, hidden)
	}
	return &redactor{out: w, replacer: strings.NewReplacer(pairs...)}
}

func spell(secret string) []string {
	plain := &bytes.Buffer{}
	encoder := json.NewEncoder(plain)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(secret) // a string always encodes
	escaped, _ := json.Marshal(secret)
	return []string{
		secret,
		strings.Trim(strings.TrimSpace(plain.String()), `"`),
		strings.Trim(string(escaped), `"`),
		url.QueryEscape(secret),
		url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)),
	}
}

type redactor struct {
	out      io.Writer
	replacer *strings.Replacer
}

// Write reports the length it was given, whatever it wrote.
func (r *redactor) Write(p []byte) (int, error) {
	if _, err := r.replacer.WriteString(r.out, string(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
