package cli

import (
	"io"

	"github.com/spf13/cobra"
)

// Tree returns all commands, for tests that hold the documentation against them.
func Tree() *cobra.Command { return newRoot(&env{out: io.Discard, err: io.Discard}) }
