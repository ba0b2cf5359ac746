package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/whmcsync/whmcsync/internal/redisurl"
)

// The functions below look at one value and return what is wrong with it, "" for nothing. None quotes the value: it may
// have come from a secret.

// shortest is the least length of a password, token or key that somebody could guess at over HTTP.
const shortest = 8

var (
	namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	hostPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	bcryptHash  = regexp.MustCompile(`^\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}$`)
	dsnPattern  = regexp.MustCompile(`^([^:@/]+(:.*)?@)?((tcp|unix)(\([^()]+\))?)?/[^/?]+(\?[^/]*)?$`)
)

func anything(string) string { return "" }

// orEmpty allows "" as a way to say "none".
func orEmpty(check func(string) string) func(string) string {
	return func(value string) string {
		if value == "" {
			return ""
		}
		return check(value)
	}
}

func notEmpty(value string) string {
	if strings.TrimSpace(value) == "" {
		return "must not be empty"
	}
	return ""
}

// badName holds sources, accounts and syncs to names that are fine in URLs, queue names and metrics; three queues
// have names of their own.
func badName(name string) string {
	if !namePattern.MatchString(name) {
		return "is not a good name: use up to 63 of a-z, 0-9, - and _, and begin with a letter or digit"
	}
	if name == "events" || name == "reports" || name == "mail" {
		return "is a name that whmcsync uses itself: choose another"
	}
	return ""
}

func tooShort(value string) string {
	if len(value) < shortest {
		return fmt.Sprintf("is too short: use at least %d characters, best from a generator", shortest)
	}
	return ""
}

func badPassword(value string) string {
	if strings.HasPrefix(value, "$2") && !bcryptHash.MatchString(value) {
		return "begins like a bcrypt hash but is not a whole one: copy all 60 characters, in single quotes"
	}
	return tooShort(value)
}

// badUserName refuses a colon because HTTP Basic cannot carry one.
func badUserName(value string) string {
	if value == "" || len(value) > 64 || strings.ContainsFunc(value, func(r rune) bool { return r == ':' || unicode.IsControl(r) }) {
		return "must be 1 to 64 characters without a colon"
	}
	return ""
}

func badIPv4(value string) string {
	if ip, err := netip.ParseAddr(value); err != nil || !ip.Is4() {
		return "is not an IPv4 address: write e.g. 192.0.2.10"
	}
	return ""
}

func badAddress(value string) string {
	if _, err := mail.ParseAddress(value); err != nil {
		return "is not an e-mail address: write e.g. whmcsync@example.com"
	}
	return ""
}

// badHeader refuses what no HTTP header can carry.
func badHeader(value string) string {
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "has a blank, a line break or a strange character in it: copy the key again"
	}
	return ""
}

func badDSN(value string) string {
	if !dsnPattern.MatchString(value) {
		return "is not the address of a MySQL database: write e.g. whmcsync:${WHMCS_DB_PASSWORD}@tcp(db:3306)/whmcs"
	}
	return ""
}

func badPostgres(value string) string {
	const example = "postgres://user:password@db:5432/whmcsync"
	if wrong := badServerURL(value, example, "postgres", "postgresql"); wrong != "" || value == Embedded {
		return wrong
	}
	u, err := url.Parse(value)
	if err != nil {
		return "is no URL: write e.g. " + example
	}
	for host := range strings.SplitSeq(u.Host, ",") {
		if _, port, err := net.SplitHostPort(host); err == nil && badPort(port) {
			return "has a port that is none of 1 to 65535: write e.g. " + example
		}
	}
	return ""
}

func badPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err != nil || n == 0
}

func badRedis(value string) string {
	const example = "redis://cache:6379/0"
	if wrong := badServerURL(value, example, "redis", "rediss", "redis-sentinel", "redis-cluster"); wrong != "" || value == Embedded {
		return wrong
	}
	if _, err := redisurl.Parse(value); err != nil {
		return "cannot be: " + err.Error() + "; write e.g. " + example
	}
	return ""
}

func badServerURL(value, example string, schemes ...string) string {
	if value == Embedded {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || !slices.Contains(schemes, u.Scheme) || u.Host == "" {
		return fmt.Sprintf("must be embedded or a URL, %s://...: write e.g. %s (percent-encode / @ : %% in a password)",
			strings.Join(schemes, "://... or "), example)
	}
	return ""
}

func badWebhook(value string) string { return badHTTP(value, "https://alerts.example.com/hook") }

func badPublicURL(value string) string { return badHTTP(value, "https://whmcsync.example.com") }

func badHTTP(value, example string) string {
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return "must be a URL that begins with https:// or http://: write e.g. " + example
	}
	return ""
}

// badBaseURL allows plain HTTP only where nobody can listen: the API key travels in a header.
func badBaseURL(value string) string {
	if wrong := badHTTP(value, "https://acme.ipzmarketing.com/api/v1"); wrong != "" {
		return wrong
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "must be a plain URL, without user, query or fragment"
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return "must begin with https://: plain http would show the API key to the network (it is allowed for 127.0.0.1 and localhost)"
	default:
		return ""
	}
}

// badAPI is for the one address of WHMCS's external API: the secret travels in the body.
func badAPI(value string) string {
	if wrong := badHTTP(value, "https://billing.example.com/includes/api.php"); wrong != "" {
		return wrong
	}
	return badBaseURL(value)
}

func badMailrelayHost(value string) string {
	if first, _, dotted := strings.Cut(value, "."); dotted && strings.HasSuffix(value, ".ipzmarketing.com") && hostPattern.MatchString(first) {
		return "is the first part only: leave .ipzmarketing.com away"
	}
	if !hostPattern.MatchString(value) {
		return "must be the first part of the address you sign in at: for https://acme.ipzmarketing.com write acme"
	}
	return ""
}

// BadListen says what is wrong with an address to listen at, "" for nothing.
func BadListen(value string) string {
	_, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "must be host:port: write e.g. 127.0.0.1:8080, or :8080 for every interface"
	}
	return ""
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
