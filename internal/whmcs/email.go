package whmcs

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Limits of an address, in bytes of its normalised form (RFC 5321).
const (
	maxLocal   = 64
	maxAddress = 254
	maxLabel   = 63

	// No spelling this long normalises to an address: punycode of a whole TEXT column would take seconds.
	maxSpelling = 1024
)

// Why an address cannot be mailed. The texts are shown to people.
var (
	errEmpty        = errors.New("the address is empty")
	errNotText      = errors.New("the address is not valid text")
	errNoAt         = errors.New("the address has no @")
	errManyAts      = errors.New("the address has more than one @")
	errNoLocal      = errors.New("the address has nothing before the @")
	errNoDomain     = errors.New("the address has no domain")
	errLocalLong    = errors.New("the part before the @ is longer than 64 bytes")
	errAddressLong  = errors.New("the address is longer than 254 bytes")
	errLocalDots    = errors.New("the part before the @ has a dot at its start or end, or two in a row")
	errLocalChar    = errors.New("the part before the @ holds a character that is not allowed")
	errDomain       = errors.New("the domain is not valid")
	errDomainNoDot  = errors.New("the domain has no dot")
	errDomainNumber = errors.New("the domain is an IP address")
)

// NormalizeEmail gives the one spelling by which two addresses are compared: HTML entities decoded, blanks and
// invisible characters around it removed, lower case, NFC, the domain in punycode. It is idempotent. An address that
// nobody could be mailed at gives an error whose text is a plain sentence.
func NormalizeEmail(raw string) (string, error) {
	local, domain, err := splitAddress(trim(decodeEntities(raw)))
	if err != nil {
		return "", err
	}
	if local, err = normalizeLocal(local); err != nil {
		return "", err
	}
	if domain, err = normalizeDomain(domain); err != nil {
		return "", err
	}
	if len(local)+1+len(domain) > maxAddress {
		return "", errAddressLong
	}
	return local + "@" + domain, nil
}

func splitAddress(address string) (local, domain string, err error) {
	local, domain, found := strings.Cut(address, "@")
	switch {
	case address == "":
		return "", "", errEmpty
	case len(address) > maxSpelling:
		return "", "", errAddressLong
	case !utf8.ValidString(address):
		return "", "", errNotText
	case !found:
		return "", "", errNoAt
	case strings.Contains(domain, "@"):
		return "", "", errManyAts
	case local == "":
		return "", "", errNoLocal
	case domain == "":
		return "", "", errNoDomain
	}
	return local, domain, nil
}

func normalizeLocal(local string) (string, error) {
	if isASCII(local) {
		local = strings.ToLower(local)
	} else {
		// NFC on both sides of the lower case: the one can undo the other.
		local = norm.NFC.String(strings.ToLower(norm.NFC.String(local)))
	}
	switch {
	case len(local) > maxLocal:
		return "", errLocalLong
	case local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, ".."):
		return "", errLocalDots
	case strings.ContainsFunc(local, forbiddenInLocal):
		return "", errLocalChar
	}
	return local, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func forbiddenInLocal(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
		return false
	case r < utf8.RuneSelf:
		return !strings.ContainsRune(".!#$%&'*+/=?^_`{|}~-", r)
	case r == utf8.RuneError: // what is left of text that was broken on its way
		return true
	}
	return !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.S)
}

func normalizeDomain(domain string) (string, error) {
	domain = strings.ToLower(domain)
	if !plainDomain(domain) {
		ascii, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return "", errDomain
		}
		domain = ascii
	}
	if err := checkDomain(domain); err != nil {
		return "", err
	}
	return domain, nil
}

// plainDomain recognises the everyday domain, of which IDNA would change nothing, without paying for IDNA.
func plainDomain(domain string) bool {
	for i := range len(domain) {
		switch c := domain[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '.':
		case c == '-' && betweenAlphanumerics(domain, i):
		default:
			return false
		}
	}
	return true
}

func betweenAlphanumerics(s string, i int) bool {
	return i > 0 && i < len(s)-1 && !strings.ContainsAny(s[i-1:i]+s[i+1:i+2], ".-")
}

func checkDomain(domain string) error {
	labels, last := 0, ""
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > maxLabel {
			return errDomain
		}
		labels, last = labels+1, label
	}
	switch {
	case labels < 2:
		return errDomainNoDot
	case strings.Trim(last, "0123456789") == "":
		return errDomainNumber
	}
	return nil
}
