package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/obs"
	"github.com/whmcsync/whmcsync/internal/server"
)

func newCheck(e *env) *cobra.Command {
	var health string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Prove configuration, servers, grants, columns, credentials and clocks",
		Long: `Prove everything that the configuration rests on, and say what to do about what is wrong. Nothing is changed outside.
All checks run, each for at most 15 seconds. The exit code is 2 when one failed; warnings do not count.

With --health, ask a process that is running for its health instead and exit with 0 or 1: that is for container health
checks, and takes no configuration.`,
		Example: "  whmcsync check\n  whmcsync check --json | jq '.checks[] | select(.result != \"ok\")'\n  whmcsync check --health http://127.0.0.1:8080/readyz",
		Args:    cobra.NoArgs,
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if health == "" {
			return e.check(cmd)
		}
		return server.Probe(cmd.Context(), health)
	}
	cmd.Flags().StringVar(&health, "health", "", "address of the /healthz or /readyz to ask instead")
	return cmd
}

func (e *env) check(cmd *cobra.Command) error {
	path, err := config.Find(e.configPath, os.LookupEnv)
	if err != nil {
		return &usageError{err}
	}
	colours := colourful(e.out)
	cfg, err := e.load()
	if problems, ok := errors.AsType[*config.Problems](err); ok {
		return e.printFindings(problemFindings(problems), colours)
	}
	if err != nil {
		return err
	}
	if e.logLevel == "" {
		cfg.Log.Level = "error" // what is worth a warning is a finding
	}
	e.out = obs.Redact(e.out, config.Secrets(cfg))
	good := app.Finding{Name: "config", Subject: path, Result: app.ResultOK, Detail: sizeOf(cfg)}
	found := app.Check(cmd.Context(), cfg, app.Options{Version: Version(), Log: e.logger(cfg)})
	return e.printFindings(append([]app.Finding{good}, found...), colours)
}

func sizeOf(cfg config.Config) string {
	return fmt.Sprintf("%s, %s, %s", counted(len(cfg.Sources), "source"), counted(len(cfg.Accounts), "account"), counted(len(cfg.Syncs), "sync"))
}

func problemFindings(problems *config.Problems) []app.Finding {
	found := make([]app.Finding, len(problems.List))
	for i, p := range problems.List {
		found[i] = app.Finding{
			Name: "config", Subject: fmt.Sprintf("%s:%d:%d", filepath.Base(problems.File), p.Line, p.Column), Result: app.ResultFailed,
			Detail: strings.TrimPrefix(p.Path+": "+p.Text, ": "),
		}
	}
	return found
}

// printFindings prints the table, or its JSON; a check that failed makes the exit code 2.
func (e *env) printFindings(found []app.Finding, colours bool) error {
	failed := len(slices.DeleteFunc(slices.Clone(found), func(f app.Finding) bool { return f.Result != app.ResultFailed }))
	if e.json {
		if err := e.printJSON(map[string]any{"checks": found, "ok": failed == 0}); err != nil {
			return err
		}
	} else {
		printChecks(e.out, found, colours)
	}
	if failed > 0 {
		return usage("%s failed", counted(failed, "check"))
	}
	return nil
}

// Columns are this wide at most, so that the table fits where people read it.
const (
	subjectWidth = 36
	detailWidth  = 64
	hintWidth    = 56
)

func printChecks(out io.Writer, found []app.Finding, colours bool) {
	t := newTable(out, "", "check", "of", "found", "what to do")
	t.SetColumnConfigs([]table.ColumnConfig{
		{Number: 3, WidthMax: subjectWidth, WidthMaxEnforcer: text.WrapText},
		{Number: 4, WidthMax: detailWidth, WidthMaxEnforcer: text.WrapSoft},
		{Number: 5, WidthMax: hintWidth, WidthMaxEnforcer: text.WrapSoft},
	})
	for i, f := range found {
		name := strings.ReplaceAll(f.Name, "_", " ")
		if i > 0 && found[i-1].Name == f.Name {
			name = ""
		}
		t.AppendRow([]any{mark(f.Result, colours), name, f.Subject, f.Detail, f.Hint})
	}
	t.Render()
}

// markColours are the terminal's numbers for green, yellow and red.
var markColours = map[app.Result]int{app.ResultOK: 32, app.ResultWarning: 33, app.ResultFailed: 31}

func mark(result app.Result, colours bool) string {
	if !colours {
		return string(result)
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", markColours[result], result)
}

// colourful says whether colours arrive at a person who wants them (https://no-color.org).
func colourful(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
