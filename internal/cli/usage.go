package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
	"github.com/whmcsync/whmcsync/internal/config"
)

// strict makes a wrong number of arguments a mistake in the command line.
func (e *env) strict(cmd *cobra.Command) {
	check := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if check == nil {
			return nil
		}
		err := check(cmd, args)
		if err == nil {
			return nil
		}
		if why := e.misfit(cmd, args); why != "" {
			return usage("%s (see `%s --help`)", why, cmd.CommandPath())
		}
		return usage("%w (see `%s --help`)", err, cmd.CommandPath())
	}
}

// misfit says which argument is missing or too many; "" when their number is right.
func (e *env) misfit(cmd *cobra.Command, args []string) string {
	wanted := strings.Fields(cmd.Use)[1:]
	switch {
	case cmd.HasSubCommands():
		return ""
	case len(args) > len(wanted):
		return fmt.Sprintf("%q is an argument too many", args[len(wanted)])
	case len(args) == len(wanted) || strings.HasPrefix(wanted[len(args)], "["):
		return ""
	case wanted[len(args)] != "NAME":
		return wanted[len(args)] + " is missing"
	}
	cfg, err := e.load()
	if err != nil {
		return "NAME is missing"
	}
	return "NAME is missing; the syncs are: " + listed(cfg.Syncs)
}

// badFlag says what is wrong with a flag, without the words of the library that reads numbers.
func badFlag(cmd *cobra.Command, err error) error {
	text := err.Error()
	if before, _, ok := strings.Cut(text, ": strconv."); ok {
		text = before + ": it takes another kind of value"
	}
	return usage("%s (see `%s --help`)", text, cmd.CommandPath())
}

// checkRoles looks at what the command line says of the roles.
func checkRoles(cfg config.Config, roles app.Roles) error {
	for _, name := range roles.Accounts {
		if _, ok := cfg.Accounts[name]; !ok {
			return usage("--accounts: there is no account %q in the configuration; it has: %s", name, listed(cfg.Accounts))
		}
	}
	if wrong := config.BadListen(roles.Health); roles.Health != "" && wrong != "" {
		return usage("--health-listen %s", wrong)
	}
	return nil
}
