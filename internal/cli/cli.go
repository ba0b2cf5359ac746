package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/obs"
	"github.com/whmcsync/whmcsync/internal/quiet"
)

// Exit codes.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitFindings = 3 // held changes, or records that failed
)

// version is set when a release is built (-ldflags "-X .../internal/cli.version=1.2.3").
var version = ""

// Version is the program's version, "dev" for a build without one.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}

// Main runs one command line and returns its exit code. SIGINT and SIGTERM end it gracefully.
func Main(args []string) int {
	quiet.Libraries()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return run(ctx, args, os.Stdout, os.Stderr)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	e := &env{out: stdout, err: stderr}
	root := newRoot(e)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if findings, ok := errors.AsType[*findingsError](err); ok {
		if findings.text != "" {
			fmt.Fprintln(stderr, findings.text)
		}
		return exitFindings
	}
	fmt.Fprintln(stderr, "whmcsync:", reason(ctx, err))
	if _, isUsage := errors.AsType[*usageError](err); isUsage {
		return exitUsage
	}
	return exitFailed
}

// reason says why a command failed. That a signal broke it off is no fault of anything, whatever was in hand.
func reason(ctx context.Context, err error) string {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return "stopped before the end"
	}
	return err.Error()
}

// usageError is a mistake in the command line or the configuration: exit code 2.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// findingsError says that the command did its work and found something for a person: exit code 3.
type findingsError struct{ text string }

func (e *findingsError) Error() string { return e.text }

// env is what every command has: where to print, and the options that all commands share.
type env struct {
	out, err   io.Writer
	configPath string
	json       bool
	logLevel   string
}

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:           "whmcsync",
		Short:         "Keep WHMCS in step with the systems around it",
		Long:          "whmcsync keeps a WHMCS billing install in step with the systems around it: clients\nwith mailing lists, domains and transfers with registrars.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Example:       "  whmcsync check\n  whmcsync plan newsletter --local\n  whmcsync run",
		Args:          knownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SuggestionsMinimumDistance = 2
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return badFlag(cmd, err) })
	flags := root.PersistentFlags()
	flags.StringVarP(&e.configPath, "config", "c", "", "configuration file (default: $WHMCSYNC_CONFIG, ./whmcsync.yaml, /etc/whmcsync/whmcsync.yaml)")
	flags.BoolVar(&e.json, "json", false, "print JSON for programs")
	flags.StringVar(&e.logLevel, "log-level", "", "debug, info, warn or error (default: as configured)")
	for _, group := range commands(e) {
		root.AddGroup(&cobra.Group{ID: group.title, Title: group.title + ":"})
		for _, cmd := range group.commands {
			cmd.GroupID = group.title
			e.strict(cmd)
			root.AddCommand(cmd)
		}
	}
	root.SetHelpCommandGroupID(otherCommands)
	e.strict(root)
	return root
}

// knownCommand refuses a command that there is not, and offers the one that was probably meant.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		return fmt.Errorf("there is no command %q; did you mean %s?", args[0], strings.Join(near, " or "))
	}
	return fmt.Errorf("there is no command %q", args[0])
}

func (e *env) load() (config.Config, error) {
	path, err := config.Find(e.configPath, os.LookupEnv)
	if err != nil {
		return config.Config{}, &usageError{err}
	}
	cfg, err := config.Load(path, os.LookupEnv)
	if err != nil {
		return config.Config{}, &usageError{err}
	}
	if e.logLevel != "" {
		if _, err := zerolog.ParseLevel(e.logLevel); err != nil {
			return config.Config{}, usage("--log-level: %q is none of debug, info, warn, error", e.logLevel)
		}
		cfg.Log.Level = e.logLevel
	}
	return cfg, nil
}

func (e *env) logger(cfg config.Config) zerolog.Logger {
	return obs.Logger(cfg.Log, obs.Redact(e.err, config.Secrets(cfg)))
}

// open loads the configuration and opens the application for a command that looks or asks: it says little of itself.
func (e *env) open(ctx context.Context) (*app.App, error) {
	cfg, err := e.load()
	if err != nil {
		return nil, err
	}
	return e.openWith(ctx, cfg)
}

func (e *env) openWith(ctx context.Context, cfg config.Config) (*app.App, error) {
	if e.logLevel == "" {
		cfg.Log.Level = "warn"
	}
	return app.Open(ctx, cfg, app.Options{Version: Version(), Log: e.logger(cfg)})
}

// printJSON writes one JSON value with a line end.
func (e *env) printJSON(value any) error {
	enc := json.NewEncoder(e.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(value)
}
