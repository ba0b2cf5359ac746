package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = ".."

// page is one Markdown file.
type page struct {
	file   string // from the top of the checkout
	text   string
	fences []fence
}

// fence is a fenced block of a page.
type fence struct{ language, text string }

var (
	fencePattern  = regexp.MustCompile("(?ms)^([ \t]*)```([a-z]*)\n(.*?)^[ \t]*```")
	inlinePattern = regexp.MustCompile("`[^`\n]+`")
)

// pages reads all that people read.
func pages(t *testing.T) []page {
	t.Helper()
	files := []string{"README.md", "CHANGELOG.md"}
	err := filepath.WalkDir(".", func(file string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(file, ".md") {
			files = append(files, filepath.Join("docs", file))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all := make([]page, 0, len(files))
	for _, file := range files {
		all = append(all, readPage(t, file))
	}
	return all
}

func readPage(t *testing.T, file string) page {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	p := page{file: filepath.ToSlash(file), text: string(content)}
	for _, block := range fencePattern.FindAllStringSubmatch(p.text, -1) {
		p.fences = append(p.fences, fence{block[2], strings.ReplaceAll("\n"+block[3], "\n"+block[1], "\n")[1:]})
	}
	return p
}

// prose is the page without its fenced blocks.
func (p page) prose() string { return fencePattern.ReplaceAllString(p.text, "") }

// codeSpans are the pieces of code within the prose.
func (p page) codeSpans() []string {
	spans := inlinePattern.FindAllString(p.prose(), -1)
	for i := range spans {
		spans[i] = strings.Trim(spans[i], "`")
	}
	return spans
}

func TestThePagesAreFinished(t *testing.T) {
	t.Parallel()
	for _, p := range pages(t) {
		for _, word := range []string{"TB" + "D", "TO" + "DO", "FIX" + "ME", "lorem" + " ipsum"} {
			if strings.Contains(p.text, word) {
				t.Errorf("%s holds %q", p.file, word)
			}
		}
		if !strings.HasPrefix(p.text, "# ") {
			t.Errorf("%s does not begin with its title", p.file)
		}
	}
}
