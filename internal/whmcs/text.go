package whmcs

import (
	"html"
	"regexp"
	"strings"
	"unicode"
)

// DecodeText turns a text column into what the person typed: HTML entities decoded exactly once, line breaks and tabs
// as blanks, other control characters and broken bytes out, and no blanks or invisible characters around it.
func DecodeText(stored string) string {
	text := strings.ToValidUTF8(decodeEntities(stored), "\uFFFD")
	if strings.ContainsFunc(text, unicode.IsControl) {
		text = strings.Map(printable, text)
	}
	return trim(text)
}

func printable(r rune) rune {
	switch {
	case r == '\n', r == '\r', r == '\t':
		return ' '
	case unicode.IsControl(r):
		return -1
	}
	return r
}

// trim also takes what looks like nothing: no-break blanks, zero-width characters, byte order marks.
func trim(s string) string { return strings.TrimFunc(s, invisible) }

func invisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

// PHP ends every entity that it writes with a semicolon; "R&ltd" without one is the customer's own text.
var entity = regexp.MustCompile(`&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});`)

func decodeEntities(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	return entity.ReplaceAllStringFunc(s, decodeEntity)
}

func decodeEntity(found string) string {
	decoded := html.UnescapeString(found)
	if len(decoded) > 1 && strings.HasSuffix(decoded, ";") {
		return found // an unknown name that only begins like a known one
	}
	return decoded
}

// The languages that WHMCS ships, both spellings of Ukrainian among them.
var locales = map[string]string{
	"arabic": "ar", "azerbaijani": "az", "catalan": "ca", "chinese": "zh", "croatian": "hr", "czech": "cs",
	"danish": "da", "dutch": "nl", "english": "en", "estonian": "et", "farsi": "fa", "french": "fr", "german": "de",
	"hebrew": "he", "hungarian": "hu", "italian": "it", "macedonian": "mk", "norwegian": "no", "portuguese-br": "pt",
	"portuguese-pt": "pt", "romanian": "ro", "russian": "ru", "spanish": "es", "swedish": "sv", "turkish": "tr",
	"ukranian": "uk", "ukrainian": "uk",
}

// Locale is the two-letter ISO 639-1 code of a WHMCS language name, "" when the name is unknown or empty.
func Locale(language string) string { return locales[strings.ToLower(strings.TrimSpace(language))] }
