package mail

import (
	"fmt"
	netmail "net/mail"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// address is one as it travels. All servers take an international domain in punycode; what is before the @ has no such
// form, and only servers with SMTPUTF8 take letters there that ASCII does not have.
type address struct {
	*netmail.Address
	international bool
}

func parse(text string) (address, error) {
	parsed, err := netmail.ParseAddress(text)
	if err != nil {
		return address{}, err
	}
	at := strings.LastIndexByte(parsed.Address, '@') + 1
	local, domain := parsed.Address[:at], parsed.Address[at:]
	if !ascii(domain) {
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return address{}, fmt.Errorf("the domain of %s: %w", text, err)
		}
	}
	parsed.Address = local + domain
	return address{parsed, !ascii(local)}, nil
}

func (a address) domain() string {
	return a.Address.Address[strings.LastIndexByte(a.Address.Address, '@')+1:]
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}
