package config_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/config"
)

var (
	takesWords = regexp.MustCompile(`: must be ([^:]+ or [^:]+), got "nonsense"`)
	isMissing  = regexp.MustCompile(`accounts\.a\.([a-z_]+): is missing`)
	named      = regexp.MustCompile("`([a-z_]+)`")
)

// settingAlone is a file with one setting, by its path.
func settingAlone(path, value string) string {
	parts := strings.Split(strings.ReplaceAll(path, "NAME", "n"), ".")
	return strings.Join(parts, ": {") + ": " + value + strings.Repeat("}", len(parts)-1)
}

// What a setting is refused with tells the words that it takes.
func TestTheManualNamesEveryWordThatASettingTakes(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, row := range manualRow.FindAllStringSubmatch(read(t, manualPath), -1) {
		_, err := parse(t, settingAlone(row[1], "nonsense"))
		found := takesWords.FindStringSubmatch(fmt.Sprint(err))
		if found == nil || found[1] == "true or false" || row[1] == "syncs.NAME.status_map.WORD" {
			continue
		}
		checked++
		if want := strings.ReplaceAll(found[1], " or ", ", "); row[2] != want {
			t.Errorf("%s: the manual says %q, the program takes %q", row[1], row[2], want)
		}
	}
	if checked < 12 {
		t.Errorf("only %d settings take words", checked)
	}
}

// needsOf are the settings that an account of a type cannot do without.
func needsOf(t *testing.T, kind string) (keys []string) {
	t.Helper()
	_, err := parse(t, accountFile("{type: "+kind+"}"))
	for _, missing := range isMissing.FindAllStringSubmatch(fmt.Sprint(err), -1) {
		keys = append(keys, missing[1])
	}
	return keys
}

func TestTheManualTellsWhatEachTypeOfAccountNeeds(t *testing.T) {
	t.Parallel()
	manual := read(t, manualPath)
	for _, kind := range config.AccountTypes {
		if kind == "mailrelay" {
			continue // has a chapter of its own
		}
		row := regexp.MustCompile(`(?m)^\| ` + kind + `(?: \([^|]*\))? \| ([^|]*) \| (?:yes|no) \|`).FindStringSubmatch(manual)
		if row == nil {
			t.Errorf("the manual does not tell what %s needs", kind)
			continue
		}
		var told []string
		for _, key := range named.FindAllStringSubmatch(row[1], -1) {
			told = append(told, key[1])
		}
		if diff := cmp.Diff(needsOf(t, kind), told); diff != "" {
			t.Errorf("%s (-program +manual)\n%s", kind, diff)
		}
	}
}

func TestTheManualTellsHowMuchEachTypeOfAccountTakes(t *testing.T) {
	t.Parallel()
	manual := read(t, manualPath)
	for _, kind := range config.AccountTypes {
		account := "{type: " + kind
		for _, key := range needsOf(t, kind) {
			account += ", " + key + ": " + map[bool]string{true: "192.0.2.10", false: "acme"}[key == "client_ip"]
		}
		a := mustParse(t, accountFile(account+"}")).Accounts["a"]
		row := fmt.Sprintf(`\| %s \| %v( \([^|]*\))? \| %d \| %s \|`, kind, a.Rate.PerSecond, a.Rate.InFlight, config.ShowSpan(a.Timeout))
		if !regexp.MustCompile(row).MatchString(manual) {
			t.Errorf("the manual has no row %s", row)
		}
	}
}
