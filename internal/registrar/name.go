package registrar

import (
	"fmt"
	"strings"

	"golang.org/x/net/idna"
)

// Name is a domain name in the one form in which names are compared: lower case, punycode, no dot at the end.
type Name string

// profile is tolerant of what registries have let in (underscores, "--"), and strict about what no name can be.
var profile = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false), idna.CheckJoiners(false))

// ParseName brings a name, Unicode or punycode, in any case, into the form of a Name. What cannot be a domain name is
// an error.
func ParseName(text string) (Name, error) {
	trimmed := strings.TrimSuffix(strings.TrimSpace(text), ".")
	ascii, err := profile.ToASCII(trimmed)
	switch {
	case trimmed == "":
		return "", fmt.Errorf("the domain name is empty")
	case err != nil || !stable(ascii) || strings.ContainsAny(ascii, " \t\r\n/:@?#&%*<>\"'\\") || strings.Contains(ascii, ".."):
		return "", fmt.Errorf("%q is not a domain name", text)
	case !strings.Contains(ascii, ".") || strings.HasPrefix(ascii, ".") || strings.HasSuffix(ascii, "."):
		return "", fmt.Errorf("%q is not a domain name with an extension", text)
	case len(ascii) > 253:
		return "", fmt.Errorf("%q is too long for a domain name", text)
	}
	return Name(ascii), nil
}

// stable says whether a name reads as itself: what decodes to something else is no name.
func stable(ascii string) bool {
	again, err := profile.ToASCII(ascii)
	return err == nil && again == ascii
}

// Split cuts a name behind its first dot, as WHMCS does: "example" and "co.uk".
func (n Name) Split() (label, extension string) {
	label, extension, _ = strings.Cut(string(n), ".")
	return label, extension
}

// mixed is how many labels of a name may each be written in another way than the one before.
const mixed = 4

// Spellings are the ways in which a name may be written down, case aside: every label in punycode or in Unicode, with a dot
// at the end or without.
func (n Name) Spellings() []string {
	all := []string{""}
	for i, label := range strings.Split(string(n), ".") {
		ways := []string{label}
		if unicode, err := profile.ToUnicode(label); err == nil && unicode != label && i < mixed {
			ways = append(ways, unicode)
		}
		var longer []string
		for _, way := range ways {
			for _, begun := range all {
				longer = append(longer, begun+way+".")
			}
		}
		all = longer
	}
	for _, dotted := range all {
		all = append(all, strings.TrimSuffix(dotted, "."))
	}
	return all
}
