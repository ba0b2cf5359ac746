package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/whmcsync/whmcsync/internal/app"
)

func newMigrate(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the Postgres schema up to date; safe to run at any time and by many at once",
		Long: `Bring the Postgres schema up to what this program needs. Processes that do so at the same moment wait for each other. ` + "`whmcsync run`" + `
does it by itself; other roles refuse an older schema.`,
		Example: "  whmcsync migrate",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := e.load()
			if err != nil {
				return err
			}
			applied, version, err := app.Migrate(cmd.Context(), cfg, e.logger(cfg))
			if err != nil {
				return err
			}
			if e.json {
				return e.printJSON(map[string]any{"applied": applied, "version": version})
			}
			fmt.Fprintf(e.out, "schema version %d, %d migrations applied\n", version, applied)
			return nil
		},
	}
}
