package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func newCompletion(e *env) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a script that completes commands and names in your shell",
		Long:  "Print a script that completes commands, flags, and the names of syncs and accounts in your shell.",
		Example: `  source <(whmcsync completion bash)
  whmcsync completion bash > /etc/bash_completion.d/whmcsync
  whmcsync completion zsh > "${fpath[1]}/_whmcsync"
  whmcsync completion fish > ~/.config/fish/completions/whmcsync.fish`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(cmd, args); err != nil || slices.Contains(shells, args[0]) {
				return err
			}
			return fmt.Errorf("there is no script for %q: name one of the shells %s", args[0], strings.Join(shells, ", "))
		},
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch root := cmd.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(e.out, true)
			case "zsh":
				return root.GenZshCompletion(e.out)
			case "fish":
				return root.GenFishCompletion(e.out, true)
			default:
				return root.GenPowerShellCompletionWithDesc(e.out)
			}
		},
	}
}
