package arch_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "github.com/whmcsync/whmcsync"
	root     = "../.."
	maxLines = 400
)

func TestImportsFollowTheRules(t *testing.T) {
	t.Parallel()
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			continue // tests may bring anything together
		}
		for _, imported := range imports(t, file) {
			if why := breach(path.Dir(file), imported); why != "" {
				t.Errorf("%s imports %s: %s", file, imported, why)
			}
		}
	}
}

// The rules themselves are tested, since a table that lets all through would pass unseen.
func TestBreachKnowsRightFromWrong(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		folder, imported string
		allowed          bool
	}{
		{"tasks", "encoding/json", true},
		{"tasks", module + "/internal/state", false},
		{"internal/state", "github.com/jackc/pgx/v5", false},
		{"internal/state/postgres", "github.com/jackc/pgx/v5/pgxpool", true},
		{"internal/state", "database/sql", false},
		{"workers/clientsync", module + "/internal/maillist", true},
		{"workers/clientsync", module + "/internal/maillist/mailrelay", false},
		{"workers/clientsync", module + "/workers/report", false},
		{"workers/clientsync", "net/http", false},
		{"workers/clientsync", "os", false},
		{"internal/maillist/mailrelay", module + "/internal/httpx", true},
		{"internal/maillist/mailrelay", module + "/internal/maillist/mailrelay/wire", true},
		{"internal/maillist/mailrelay", module + "/internal/maillist/other", false},
		{"internal/maillist/mailrelay", module + "/internal/maillist/mailrelay/sim", false},
		{"internal/queue", "github.com/hibiken/asynq", true},
		{"internal/app", "github.com/hibiken/asynq", false},
		{"internal/app", module + "/internal/maillist/mailrelay/sim", true},
		{"internal/app", module + "/internal/testkit", false},
		{"internal/schedule", module + "/internal/queue", false},
		{"internal/cli", module + "/internal/state/postgres", false},
		{"cmd/whmcsync", module + "/internal/app", false},
		{"internal/newroom", "fmt", false},
	} {
		if why := breach(tc.folder, tc.imported); (why == "") != tc.allowed {
			t.Errorf("%s importing %s: allowed %v, want %v (%s)", tc.folder, tc.imported, why == "", tc.allowed, why)
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, file := range goFiles(t) {
		dir := path.Dir(file)
		if strings.HasSuffix(file, "_test.go") || seen[dir] || dir == "cmd/whmcsync" {
			continue
		}
		seen[dir] = true
		doc := path.Join(dir, "doc.go")
		if _, err := os.Stat(filepath.Join(root, doc)); err != nil {
			t.Errorf("%s is missing", doc)
			continue
		}
		if parse(t, doc, parser.ParseComments).Doc == nil {
			t.Errorf("%s has no package comment", doc)
		}
	}
}

func TestFilesAreShortEnoughToRead(t *testing.T) {
	t.Parallel()
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") || ast.IsGenerated(parse(t, file, parser.ParseComments)) {
			continue
		}
		if n := bytes.Count(read(t, file), []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines, want at most %d", file, n, maxLines)
		}
	}
}

// The queue's own uniqueness takes a lock that outlives its task, by which a batch that has to go out again is refused: ids
// with a generation do that work here.
func TestNobodyAsksTheQueueForUniqueTasks(t *testing.T) {
	t.Parallel()
	word := []byte("asynq." + "Unique(")
	for _, file := range goFiles(t) {
		if bytes.Contains(read(t, file), word) {
			t.Errorf("%s uses %s", file, word)
		}
	}
}

// A package registry is a setting of each machine, and a machine's paths mean nothing on another. The words are put
// together here so that this file does not hold them either.
func TestNothingNamesAMachineOrARegistry(t *testing.T) {
	t.Parallel()
	hosts := [][]string{
		{"proxy", "golang", "org"}, {"sum", "golang", "org"}, {"registry", "npmjs", "org"}, {"deb", "debian", "org"}, {"security", "debian", "org"},
	}
	words := []string{"/work" + "/main", "/work" + "/shared", "/root" + "/go", "bash" + "_jobs"}
	for _, parts := range hosts {
		words = append(words, strings.Join(parts, "."))
	}
	for _, file := range files(t, func(string) bool { return true }) {
		content := read(t, file)
		for _, word := range words {
			if bytes.Contains(content, []byte(word)) {
				t.Errorf("%s contains %q", file, word)
			}
		}
	}
}

// breach says why folder must not import the package, "" when it may.
func breach(folder, imported string) string {
	if isStandard(imported) && slices.ContainsFunc(unknownTo[imported], func(p string) bool { return fits(p, folder, folder) }) {
		return "it gets what it needs handed in"
	}
	i := slices.IndexFunc(rules, func(r rule) bool { return fits(r.folder, folder, folder) })
	if i < 0 {
		return "no rule fits the folder; add one to internal/arch/rules_test.go"
	}
	if isStandard(imported) {
		return ""
	}
	inside, own := strings.CutPrefix(imported, module+"/")
	for _, r := range reserved {
		if fits(r.what, inside, folder) && !slices.ContainsFunc(r.only, func(p string) bool { return fits(p, folder, folder) }) {
			return fmt.Sprintf("only %s may", strings.Join(r.only, ", "))
		}
	}
	may := append(slices.Clone(everywhere), rules[i].may...)
	if slices.ContainsFunc(may, func(p string) bool { return fits(p, inside, folder) || p == anyModule && !own }) {
		return ""
	}
	return fmt.Sprintf("%s may import the standard library and %s", rules[i].folder, strings.Join(may, ", "))
}

// fits says whether a pattern of the rules, as seen from folder here, covers the package.
func fits(pattern, pkg, here string) bool {
	pattern = strings.NewReplacer("{here}", here, "{up}", path.Dir(here)).Replace(pattern)
	if above, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == above || strings.HasPrefix(pkg, above+"/")
	}
	ok, err := path.Match(pattern, pkg)
	return err == nil && ok
}

// isStandard: only paths of the standard library have no dot in their first part.
func isStandard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

func imports(t *testing.T, file string) []string {
	t.Helper()
	var found []string
	for _, spec := range parse(t, file, parser.ImportsOnly).Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, imported)
	}
	return found
}

func parse(t *testing.T, file string, mode parser.Mode) *ast.File {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, mode)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func goFiles(t *testing.T) []string {
	t.Helper()
	return files(t, func(file string) bool { return strings.HasSuffix(file, ".go") })
}

// files lists the checkout's files that fit, without what git ignores, as slash paths from its top.
func files(t *testing.T, fit func(string) bool) []string {
	t.Helper()
	ignored := []string{".git", ".state", ".cache", "bin", "node_modules"}
	var found []string
	err := filepath.WalkDir(root, func(full string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains(ignored, entry.Name()) {
			return filepath.SkipDir
		}
		file, err := filepath.Rel(root, full)
		if err == nil && entry.Type().IsRegular() && fit(filepath.ToSlash(file)) {
			found = append(found, filepath.ToSlash(file))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
