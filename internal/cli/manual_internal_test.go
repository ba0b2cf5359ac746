package cli

import (
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/server"
)

func manual(t *testing.T) string {
	t.Helper()
	return readPage(t, "cli.md")
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// everyCommand visits the commands that people see, without those that the library adds.
func everyCommand(visit func(*cobra.Command)) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			visit(sub)
			walk(sub)
		}
	}
	walk(newRoot(&env{out: io.Discard, err: io.Discard}))
}

func TestTheManualHasEveryCommandWithEveryFlag(t *testing.T) {
	t.Parallel()
	text := manual(t)
	everyCommand(func(cmd *cobra.Command) {
		heading := "\n### `" + cmd.CommandPath()
		_, rest, ok := strings.Cut(text, heading)
		if !ok || !strings.HasPrefix(rest, "`") && !strings.HasPrefix(rest, " ") {
			t.Errorf("no section for %s", cmd.CommandPath())
			return
		}
		section, _, _ := strings.Cut(rest, "\n##")
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && !strings.Contains(section, "`--"+f.Name) {
				t.Errorf("the section of %s does not tell of --%s", cmd.CommandPath(), f.Name)
			}
		})
	})
	newRoot(&env{}).PersistentFlags().VisitAll(func(f *pflag.Flag) {
		if !strings.Contains(text, "`--"+f.Name) {
			t.Errorf("--%s is missing", f.Name)
		}
	})
}

func TestTheManualHasEveryKey(t *testing.T) {
	t.Parallel()
	text := manual(t)
	for _, document := range []any{app.Finding{}, server.Status{}, server.Run{}, server.Failure{}, changeView{}} {
		for _, key := range keysOf(reflect.TypeOf(document)) {
			if !strings.Contains(text, "`"+key+"`") {
				t.Errorf("%T: the key %s is missing", document, key)
			}
		}
	}
	for _, name := range server.ResultNames {
		key := strings.TrimPrefix(name.Name, "skipped_")
		if !strings.Contains(text, "`"+key+"`") {
			t.Errorf("the count %s is missing", name.Name)
		}
	}
}

// keysOf are the JSON keys of a type and of all it holds.
func keysOf(t reflect.Type) []string {
	switch {
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice:
		return keysOf(t.Elem())
	case t.Kind() != reflect.Struct || t.PkgPath() == "time":
		return nil
	}
	var keys []string
	for field := range t.Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		keys = append(append(keys, key), keysOf(field.Type)...)
	}
	return keys
}

func TestTheManualShowsWhatIsSaidOfHeldChanges(t *testing.T) {
	t.Parallel()
	if want := heldWords(server.Run{ID: 8, Held: 38}); !strings.Contains(readPage(t, "going-live.md"), want) {
		t.Errorf("the page does not show %q", want)
	}
}

func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	everyCommand(func(cmd *cobra.Command) {
		switch {
		case cmd.Short == "" || strings.HasSuffix(cmd.Short, "."):
			t.Errorf("%s: the short text is empty or a sentence: %q", cmd.CommandPath(), cmd.Short)
		case cmd.Long == "" || cmd.Example == "":
			t.Errorf("%s has no long text or no example", cmd.CommandPath())
		case !strings.Contains(cmd.Example, cmd.CommandPath()):
			t.Errorf("%s: its example does not show it", cmd.CommandPath())
		}
	})
}
