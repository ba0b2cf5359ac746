package docs_test

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/cli"
	"github.com/whmcsync/whmcsync/internal/config"
)

const program = "whmcsync"

func TestEveryCommandLineIsUnderstood(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, p := range pages(t) {
		for _, block := range p.fences {
			for _, args := range commandLines(block) {
				checked++
				if err := understood(args, true); err != nil {
					t.Errorf("%s: %s %s: %v", p.file, program, strings.Join(args, " "), err)
				}
			}
		}
		for _, span := range p.codeSpans() {
			if args, ok := strings.CutPrefix(span, program+" "); ok {
				checked++
				if err := understood(strings.Fields(args), false); err != nil {
					t.Errorf("%s: `%s`: %v", p.file, span, err)
				}
			}
		}
	}
	if checked < 40 {
		t.Errorf("only %d command lines were found", checked)
	}
}

// commandLines finds the calls of the program in a block of shell, with quotes and comments taken away.
func commandLines(block fence) [][]string {
	if block.language != "sh" {
		return nil
	}
	var calls [][]string
	for line := range strings.SplitSeq(strings.ReplaceAll(block.text, "\\\n", " "), "\n") {
		line, _, _ = strings.Cut(line, " #")
		line, _, _ = strings.Cut(line, " > ")
		words := words(line)
		at := slices.IndexFunc(words, func(w string) bool { return w == program || strings.HasSuffix(w, "/bin/"+program) })
		switch {
		case at == 0, at > 0 && words[0] == "sudo" && words[1] == "systemd-run":
			calls = append(calls, words[at+1:])
		case strings.HasPrefix(line, "docker compose run --rm worker "):
			calls = append(calls, words[5:])
		}
	}
	return calls
}

// words splits a line as a shell does, as far as the pages need it.
func words(line string) []string {
	var all []string
	var quoted bool
	for i, part := range strings.Split(line, `"`) {
		quoted = i%2 == 1
		if quoted {
			all = append(all, part)
		} else {
			all = append(all, strings.Fields(part)...)
		}
	}
	return all
}

// understood says what the program would not understand of a command line; nothing is executed. The number of
// arguments is looked at only in a line that is complete.
func understood(args []string, complete bool) error {
	cmd, rest, err := cli.Tree().Find(args)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return checkArgs(cmd, complete)
}

func checkArgs(cmd *cobra.Command, complete bool) error {
	given := cmd.Flags().Args()
	switch {
	case !cmd.HasParent() && len(given) > 0 && given[0] != "help":
		return errors.New("there is no such command")
	case complete:
		return cmd.ValidateArgs(given)
	default:
		return nil
	}
}

func TestUnderstoodRefusesWhatTheProgramWould(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"nonsense", "sync", "sync a b", "sync a --nonsense", "plan a --local=perhaps"} {
		if understood(strings.Fields(line), true) == nil {
			t.Errorf("%q passes", line)
		}
	}
	if err := understood(strings.Fields("sync newsletter --wait"), true); err != nil {
		t.Error(err)
	}
}

// TestEveryConfigurationLoads parses every YAML block that begins with a section of the configuration, with the sections
// that it leaves out.
func TestEveryConfigurationLoads(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, p := range pages(t) {
		for _, block := range p.fences {
			if block.language != "yaml" {
				continue
			}
			checked++
			if err := loads(block.text); err != nil {
				t.Errorf("%s: %v\nin the example\n%s", p.file, err, block.text)
			}
		}
	}
	if checked < 10 {
		t.Errorf("only %d examples were found", checked)
	}
}

const missingSections = `
sources: {main: {dsn: "u:p@tcp(127.0.0.1:3306)/whmcs"}}
accounts:
  news: {type: mailrelay, host: acme, api_key: a-key}
  op: {type: openprovider, username: acme, password: a-password}
  registries: {type: rdap}
`

func loads(text string) error {
	_, err := parsed(text)
	return err
}

func parsed(text string) (config.Config, error) {
	whole, given := map[string]any{}, map[string]any{}
	if err := yaml.Unmarshal([]byte(missingSections), &whole); err != nil {
		return config.Config{}, err
	}
	if err := yaml.Unmarshal([]byte(text), &given); err != nil {
		return config.Config{}, err
	}
	maps.Copy(whole, given)
	filled, err := yaml.Marshal(whole)
	if err != nil {
		return config.Config{}, err
	}
	anyVariable := func(name string) (string, bool) {
		if strings.HasSuffix(name, "_PASSWORD") { // stands within an address
			return "a-password", true
		}
		return "https://value.example.com", true
	}
	anyFile := func(string) ([]byte, error) { return []byte("value\n"), nil }
	return config.Parse("example", filled, anyVariable, anyFile)
}

// What moves in from Openprovider's module has to go on as its file of settings says, beginning with looks only.
func TestTheExampleForDomainSyncIsTheModuleAsShipped(t *testing.T) {
	t.Parallel()
	blocks := readPage(t, "docs/migrate-from-domainsync.md").fences
	i := slices.IndexFunc(blocks, func(f fence) bool { return f.language == "yaml" })
	cfg, err := parsed(blocks[i].text)
	if err != nil {
		t.Fatal(err)
	}
	asShipped := config.DueDate{Mode: "always", Days: 14, MaxDifference: 100}
	for name, sync := range cfg.Syncs {
		if sync.Domains.DueDate != asShipped || sync.Mode != "notify" || sync.Domains.AllowTwoWriters || len(sync.Domains.RenewTLDs) > 0 {
			t.Errorf("%s: %+v in mode %s", name, sync.Domains, sync.Mode)
		}
	}
	domains := cfg.Syncs["op-domains"]
	want := config.Leads{Status: "registrar", Expiry: "registrar", AutoRenew: "whmcs", IDProtection: "whmcs"}
	if domains.BatchSize != 200 {
		t.Errorf("batches of %d", domains.BatchSize)
	}
	if len(cfg.Syncs) != 2 || domains.Domains.Leads != want || domains.Domains.ExpiryDate != "paid" || domains.Report.Empty {
		t.Errorf("%d syncs, %+v", len(cfg.Syncs), domains)
	}
}

// TestEveryKeyThatIsNamedIsOne looks at keys in running text: `report.empty`, `gone: {policy: mark}`. What does not begin with
// a section of the configuration, or a key of one, is something else.
func TestEveryKeyThatIsNamedIsOne(t *testing.T) {
	t.Parallel()
	known, checked := knownKeys(t), 0
	for _, p := range pages(t) {
		for _, span := range p.codeSpans() {
			for _, key := range keysIn(span, known) {
				checked++
				if !known.has(key) {
					t.Errorf("%s: `%s`: there is no key %s", p.file, span, key)
				}
			}
		}
	}
	if checked < 150 {
		t.Errorf("only %d keys were found", checked)
	}
}

// keySet holds the keys of the configuration, with all that stands before them.
type keySet []string

// knownKeys are those of the manual's tables, which are held against the program.
func knownKeys(t *testing.T) keySet {
	t.Helper()
	_, tables, _ := strings.Cut(readPage(t, "docs/configuration.md").text, "\n## Every key\n")
	var known keySet
	for line := range strings.Lines(tables) {
		if key, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` | "); ok && strings.HasPrefix(line, "| `") {
			known = append(known, key)
		}
	}
	return known
}

// has says whether a key is one of the set, or the end of one.
func (s keySet) has(key string) bool {
	return slices.ContainsFunc(s, func(k string) bool { return strings.HasSuffix("."+k, "."+key) })
}

// hasSection says whether there are keys below this one.
func (s keySet) hasSection(key string) bool {
	return slices.ContainsFunc(s, func(k string) bool { return strings.Contains("."+k, "."+key+".") })
}

// holds says whether a word stands somewhere in a key, as a section or by itself.
func (s keySet) holds(word string) bool {
	return slices.ContainsFunc(s, func(k string) bool { return slices.Contains(strings.Split(k, "."), word) })
}

var dottedKey = regexp.MustCompile(`^[a-z_]+(\.NAME)?(\.[a-z_]+)+$`)

// keysIn finds the keys in a piece of code: dotted ones, and those of a mapping in YAML.
func keysIn(span string, known keySet) []string {
	if dottedKey.MatchString(span) {
		if known.holds(span[:strings.IndexByte(span, '.')]) && !known.hasSection(span) {
			return []string{span}
		}
		return nil
	}
	tree := map[string]any{}
	if !strings.Contains(span, ": ") || yaml.Unmarshal([]byte(span), &tree) != nil {
		return nil
	}
	return leaves("", tree, known)
}

func leaves(at string, tree map[string]any, known keySet) (keys []string) {
	for name, value := range tree {
		below, isSection := value.(map[string]any)
		switch {
		case at == "" && !known.holds(strings.Split(name, ".")[0]), strings.HasSuffix(at, "status_map."):
		case isSection && len(below) > 0:
			keys = append(keys, leaves(at+name+".", below, known)...)
		default:
			keys = append(keys, at+name)
		}
	}
	return keys
}

func TestConfigurationsThatDoNotLoadAreSeen(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"sources: {main: {}}", "nonsense: 1", "log: {level: loud}"} {
		if loads(text) == nil {
			t.Errorf("%q loads", text)
		}
	}
	if err := loads("log: {level: debug}"); err != nil {
		t.Error(err)
	}
}
