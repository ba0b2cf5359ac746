package config_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/config"
)

const (
	samplePath = "../../whmcsync.example.yaml"
	manualPath = "../../docs/configuration.md"
)

var (
	sampleDefault = regexp.MustCompile(`(?m)^( *)#([a-z_]+:)`)
	sampleOption  = regexp.MustCompile(`(?m)^( *)#\+ `)
	manualRow     = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\|$")
)

// withDefaults takes the # away from the defaults; everything does so with the options too.
func withDefaults(sample string) string { return sampleDefault.ReplaceAllString(sample, "$1$2") }

func everything(sample string) string {
	return sampleOption.ReplaceAllString(withDefaults(sample), "$1")
}

func parseSample(t *testing.T, text string) config.Config {
	t.Helper()
	env := environment(map[string]string{
		"WHMCS_DB_PASSWORD": "p@ss/w:rd#1", "MAILRELAY_KEY": "0123456789abcdef", "WHMCSYNC_OPS_PASSWORD": "correct horse",
		"WHMCSYNC_METRICS_TOKEN": "0123456789abcdef", "WHMCS_HOOK_SECRET": "0123456789abcdef", "NEWSLETTER_CRON_KEY": "0123456789abcdef",
		"ALERT_WEBHOOK": "https://alerts.example.com/hook", "SMTP_PASSWORD": "secret", "OPENPROVIDER_PASSWORD": "two words",
		"WHMCS_API_IDENTIFIER": "id", "WHMCS_API_SECRET": "key", "WHMCS_API_ACCESS_KEY": "key",
		"LOGICBOXES_KEY": "key", "OPENSRS_KEY": "key", "NAMECHEAP_KEY": "key", "REALTIMEREGISTER_KEY": "key",
	})
	cfg, err := config.Parse("whmcsync.example.yaml", []byte(text), env, files(nil))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestTheSampleParsesAndShowsTheRealDefaults(t *testing.T) {
	t.Parallel()
	sample := read(t, samplePath)
	if diff := cmp.Diff(parseSample(t, sample), parseSample(t, withDefaults(sample)), comparer); diff != "" {
		t.Errorf("a default in the sample is not the default (-real +sample)\n%s", diff)
	}
	if warnings := config.Warnings(parseSample(t, sample)); len(warnings) > 0 {
		t.Errorf("the sample is not a good example: %v", warnings)
	}
}

func TestTheSampleShowsEveryKey(t *testing.T) {
	t.Parallel()
	text := everything(read(t, samplePath))
	parseSample(t, text)
	shown := sampleValues(t, text)
	for _, path := range config.Paths() {
		if _, ok := shown[path]; !ok {
			t.Errorf("%s is not in the sample", path)
		}
	}
}

// sampleValues are the values of a file by path, names replaced by NAME and WORD.
func sampleValues(t *testing.T, text string) map[string]string {
	t.Helper()
	var tree map[string]any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	gather(values, "", tree)
	return values
}

func gather(values map[string]string, at string, node any) {
	switch node := node.(type) {
	case map[string]any:
		for name, below := range node {
			switch at {
			case "sources.", "accounts.", "syncs.":
				name = "NAME"
			case "syncs.NAME.status_map.":
				name = "WORD"
			}
			gather(values, at+name+".", below)
		}
	case []any:
		for _, below := range node {
			gather(values, at, below)
		}
	}
	values[strings.TrimSuffix(at, ".")] = inFlow(node)
}

// inFlow writes a value as a person would on one line.
func inFlow(node any) string {
	text, err := yaml.MarshalWithOptions(node, yaml.Flow(true))
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

func TestEveryTypeOfAccountIsInTheSampleAndTheManual(t *testing.T) {
	t.Parallel()
	manual := read(t, manualPath)
	accounts := parseSample(t, everything(read(t, samplePath))).Accounts
	if listed := "| `accounts.NAME.type` | " + strings.Join(config.AccountTypes, ", ") + " |"; !strings.Contains(manual, listed) {
		t.Errorf("the manual does not list the types as %s", listed)
	}
	for _, kind := range config.AccountTypes {
		if !slices.ContainsFunc(slices.Collect(maps.Values(accounts)), func(a config.Account) bool { return a.Type == kind }) {
			t.Errorf("no account of the sample is of type %s", kind)
		}
		rows := regexp.MustCompile("(?m)^\\| "+kind+"( \\(.*?\\))? \\|").FindAllString(manual, -1)
		if want := map[bool]int{true: 1, false: 2}[kind == "mailrelay"]; len(rows) != want { // what a registrar needs, and its rate
			t.Errorf("%s has %d rows in the manual's tables, want %d", kind, len(rows), want)
		}
	}
}

func TestTheManualHasEveryKeyAndNoOther(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, row := range manualRow.FindAllStringSubmatch(read(t, manualPath), -1) {
		listed = append(listed, row[1])
	}
	slices.Sort(listed)
	want := slices.Sorted(slices.Values(config.Paths()))
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("(-schema +manual)\n%s", diff)
	}
}

func TestTheManualShowsTheDefaultsOfTheSample(t *testing.T) {
	t.Parallel()
	sample := read(t, samplePath)
	defaults := sampleValues(t, withDefaults(sample))
	given := sampleValues(t, sample)
	checked := 0
	for _, row := range manualRow.FindAllStringSubmatch(read(t, manualPath), -1) {
		path, want := row[1], defaults[row[1]]
		if _, example := given[path]; example || want == "" {
			continue
		}
		checked++
		var manual any
		if err := yaml.Unmarshal([]byte(strings.Trim(row[3], "`")), &manual); err != nil || inFlow(manual) != want {
			t.Errorf("%s: the manual says %s, the sample %s", path, row[3], want)
		}
	}
	if checked < 20 {
		t.Errorf("only %d defaults were compared with %d of the sample", checked, len(defaults))
	}
}

func TestTheManualListsTheFieldsAndColumns(t *testing.T) {
	t.Parallel()
	manual := read(t, manualPath)
	for _, word := range slices.Concat(config.ListFields, config.ClientColumns) {
		if !strings.Contains(manual, "`"+word+"`") {
			t.Errorf("%s is not in the manual", word)
		}
	}
}

// TestTheExamplesOfTheManualLoad parses every YAML block of it, with the sections it leaves out.
func TestTheExamplesOfTheManualLoad(t *testing.T) {
	t.Parallel()
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(read(t, manualPath), -1)
	if len(blocks) < 5 {
		t.Fatalf("only %d examples found", len(blocks))
	}
	for _, block := range blocks {
		tree := sampleTree(t, minimal)
		maps.Copy(tree, sampleTree(t, block[1]))
		whole, err := yaml.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		anyEnv := func(name string) (string, bool) {
			if strings.HasSuffix(name, "_PASSWORD") { // it stands inside of an address
				return "long-enough", true
			}
			return "https://value.example.com", true
		}
		anyFile := func(string) ([]byte, error) { return []byte("value\n"), nil }
		if _, err := config.Parse("docs", whole, anyEnv, anyFile); err != nil {
			t.Errorf("%v\nin the example\n%s", err, block[1])
		}
	}
}

func sampleTree(t *testing.T, text string) map[string]any {
	t.Helper()
	tree := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return tree
}
