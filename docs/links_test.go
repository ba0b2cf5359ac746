package docs_test

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

var (
	linkPattern    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingPattern = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *#* *$`)
)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for _, p := range pages(t) {
		for _, link := range linkPattern.FindAllStringSubmatch(inlinePattern.ReplaceAllString(p.prose(), ""), -1) {
			if why := broken(t, p, link[1]); why != "" {
				t.Errorf("%s: link %s: %s", p.file, link[1], why)
			}
		}
	}
}

// broken says what is wrong with a link of a page, "" when it is well. What lies on other hosts is not visited.
func broken(t *testing.T, p page, link string) string {
	t.Helper()
	if strings.Contains(link, "://") {
		return ""
	}
	target, anchor, _ := strings.Cut(link, "#")
	file := p.file
	if target != "" {
		file = path.Join(path.Dir(p.file), target)
	}
	if _, err := os.Stat(filepath.Join(root, file)); err != nil {
		return "there is no such file"
	}
	if anchor != "" && !slices.Contains(anchors(readPage(t, file)), anchor) {
		return "there is no such heading"
	}
	return ""
}

// anchors are the names under which a page's headings can be reached.
func anchors(p page) []string {
	seen := map[string]int{}
	var names []string
	for _, heading := range headingPattern.FindAllStringSubmatch(p.prose(), -1) {
		name := anchor(heading[1])
		if n := seen[name]; n > 0 {
			names = append(names, fmt.Sprintf("%s-%d", name, n))
		} else {
			names = append(names, name)
		}
		seen[name]++
	}
	return names
}

// anchor spells a heading as forges do: lower case, blanks as hyphens, no other signs.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		default:
			return -1
		}
	}, heading)
}

func TestAnchorsAreSpelledAsForgesDo(t *testing.T) {
	t.Parallel()
	for heading, want := range map[string]string{
		"The old addon's faults":        "the-old-addons-faults",
		"What is kept, and how long":    "what-is-kept-and-how-long",
		"1. Write the `configuration`":  "1-write-the-configuration",
		"Pages & metrics":               "pages--metrics",
		"Größe von full_every (24 h) ?": "größe-von-full_every-24-h-",
	} {
		if got := anchor(heading); got != want {
			t.Errorf("anchor(%q) = %q, want %q", heading, got, want)
		}
	}
}

// A page that nothing links to is not found by anybody.
func TestEveryPageIsReachedFromTheReadme(t *testing.T) {
	t.Parallel()
	reached := map[string]bool{}
	next := []string{"README.md"}
	for len(next) > 0 {
		file := next[0]
		next = next[1:]
		if reached[file] {
			continue
		}
		reached[file] = true
		for _, link := range linkPattern.FindAllStringSubmatch(readPage(t, file).prose(), -1) {
			target, _, _ := strings.Cut(link[1], "#")
			linked := path.Join(path.Dir(file), target)
			if _, err := os.Stat(filepath.Join(root, linked)); err == nil && strings.HasSuffix(linked, ".md") {
				next = append(next, linked)
			}
		}
	}
	for _, p := range pages(t) {
		if !reached[p.file] {
			t.Errorf("no way leads from README.md to %s", p.file)
		}
	}
}

func TestBrokenLinksAreSeen(t *testing.T) {
	t.Parallel()
	p := readPage(t, "docs/install.md")
	for link, works := range map[string]bool{
		"connect-whmcs.md":               true,
		"connect-whmcs.md#the-hook-file": true,
		"../deploy":                      true,
		"#systemd":                       true,
		"https://example.com/":           true,
		"connect-whmcs":                  false,
		"connect-whmcs.md#the-hook":      false,
		"#the-hook-file":                 false,
		"docs/install.md":                false,
	} {
		if why := broken(t, p, link); (why == "") != works {
			t.Errorf("link %s: works %v, want %v", link, why == "", works)
		}
	}
}
