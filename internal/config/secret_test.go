package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/whmcsync/whmcsync/internal/config"
)

const marker = "pr1vate-:/@ {value}"

func TestASecretPrintsAsStarsHoweverItIsPrinted(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Accounts: map[string]config.Account{"news": {APIKey: config.NewSecret(marker)}}}
	asJSON, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", cfg.Accounts["news"].APIKey)
	for name, text := range map[string]string{
		"%v": fmt.Sprintf("%v", cfg), "%+v": fmt.Sprintf("%+v", cfg), "%#v": fmt.Sprintf("%#v", cfg),
		"JSON": string(asJSON), "YAML": string(asYAML), "log": log.String(),
	} {
		if strings.Contains(text, "pr1vate") || !strings.Contains(text, "***") {
			t.Errorf("%s shows %s", name, text)
		}
	}
}

// TestNoMessageHoldsAValueFromTheEnvironment puts a secret into every setting there is, in its place or not.
func TestNoMessageHoldsAValueFromTheEnvironment(t *testing.T) {
	t.Parallel()
	refused := 0
	for _, value := range []string{marker, "$2b$pr1vate", "pr1", "pr1vate\nvalue", "https://pr1vate:pr1vate@h/%zz", "@every pr1vate"} {
		env := environment(map[string]string{"MARK": value})
		disk := files(map[string]string{"/mark": value})
		for _, path := range config.Paths() {
			for _, written := range []string{`"${MARK}"`, `"x${MARK}"`, `"${file:/mark}"`, `["${MARK}"]`, `{"x": "${MARK}"}`} {
				_, err := config.Parse("f", []byte(nested(path, written)), env, disk)
				if err == nil {
					continue
				}
				refused++
				if strings.Contains(err.Error(), "pr1") {
					t.Errorf("%s: %v", path, err)
				}
			}
		}
	}
	if refused < 1000 {
		t.Errorf("only %d files were refused: the test no longer reaches the messages", refused)
	}
}

// nested writes a setting at its path, in a list where the schema has one.
func nested(path, value string) string {
	for parts := strings.Split(path, "."); len(parts) > 0; parts = parts[:len(parts)-1] {
		name := parts[len(parts)-1]
		if inList := name == "users" || name == "tokens" || name == "groups"; inList && len(parts) < strings.Count(path, ".")+1 {
			value = "[" + value + "]"
		}
		if name == "NAME" {
			name = "one"
		}
		value = fmt.Sprintf("{%q: %s}", name, value)
	}
	return value
}
