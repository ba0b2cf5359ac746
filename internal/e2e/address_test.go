package e2e

import (
	"html"
	"net/mail"
	"strings"

	"golang.org/x/net/idna"
)

// strictDomain is our own choice of what a domain is.
var strictDomain = idna.New(idna.MapForLookup(), idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.BidiRule())

// addressOf is the oracle's idea of the address that is meant by what the database holds; "" when nobody can be mailed
// there.
func addressOf(stored string) string {
	text := strings.TrimSpace(html.UnescapeString(stored))
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || parsed.Name != "" {
		return ""
	}
	at := strings.LastIndexByte(text, '@')
	domain, err := strictDomain.ToASCII(text[at+1:])
	if err != nil || !strings.Contains(domain, ".") {
		return ""
	}
	return strings.ToLower(text[:at]) + "@" + domain
}

// textOf is what a person typed into a text column.
func textOf(stored string) string { return strings.TrimSpace(html.UnescapeString(stored)) }

// localeOf knows the languages that the made-up clients speak.
func localeOf(language string) string {
	return map[string]string{
		"english": "en", "spanish": "es", "french": "fr", "german": "de", "italian": "it", "portuguese-br": "pt",
		"portuguese-pt": "pt", "dutch": "nl", "danish": "da", "swedish": "sv", "ukranian": "uk", "turkish": "tr",
	}[language]
}
