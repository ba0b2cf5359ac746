package arch_test

// rule says what the packages of a folder may import beside the standard library: folders of this module and
// modules of others. "x/..." is x and all below it, "*" stands for one folder name, "{here}" for the folder itself
// and "{up}" for the one above.
type rule struct {
	folder string
	may    []string
}

// everywhere is what every package that does something may use.
var everywhere = []string{"internal/fault"}

// rules are looked through from the top; the first that fits a folder is its rule. A package that none fits fails
// the test: say here what it may know.
var rules = []rule{
	// Words: they know nothing but each other's names.
	{"tasks", nil},
	{"internal/fault", nil},
	{"internal/civil", nil},
	{"internal/state", []string{"internal/civil"}},
	{"internal/reconcile", nil},
	{"internal/whmcs", []string{"internal/civil", "golang.org/x/net/idna", "golang.org/x/text/..."}}, // addresses are compared in one form

	// What happens to a task.
	{"workers", []string{"tasks", "internal/state", "internal/whmcs", "github.com/rs/zerolog"}},
	{"workers/*", []string{
		"tasks", "workers", "internal/civil", "internal/state", "internal/whmcs", "internal/reconcile", "github.com/rs/zerolog",
		"internal/maillist", "internal/registrar", "internal/panel", "internal/mailhost",
	}},

	// Ports, their kits and their vendors.
	{"internal/maillist", nil},
	{"internal/registrar", []string{"internal/civil", "golang.org/x/net/idna"}},
	{"internal/panel", nil},
	{"internal/mailhost", nil},
	{"internal/*/*/wire", []string{"internal/httpx"}},
	{"internal/*/*/sim", []string{"internal/simkit", "{up}/wire", "golang.org/x/net/..."}},
	{"internal/simkit", nil},
	{"internal/wiretest", []string{"internal/simkit", "github.com/google/go-cmp/..."}},
	{"internal/*/*test", []string{"{up}", "internal/civil", "internal/wiretest", "github.com/google/go-cmp/...", "go.uber.org/goleak"}},
	{"internal/maillist/*", []string{"internal/maillist", "internal/httpx", "{here}/wire", "golang.org/x/net/...", "github.com/google/go-cmp/..."}},
	{"internal/registrar/rdap", []string{"internal/civil", "internal/registrar", "internal/httpx", "{here}/wire", "golang.org/x/net/...", "github.com/openrdap/rdap/..."}},
	{"internal/registrar/*", []string{"internal/civil", "internal/registrar", "internal/httpx", "{here}/wire", "golang.org/x/net/...", "github.com/google/go-cmp/..."}},
	{"internal/panel/*", []string{"internal/panel", "internal/httpx", "{here}/wire", "golang.org/x/net/...", "github.com/google/go-cmp/..."}},
	{"internal/mailhost/*", []string{"internal/mailhost", "internal/httpx", "{here}/wire", "golang.org/x/net/...", "github.com/google/go-cmp/..."}},

	// The outside: each room knows one thing.
	{"internal/httpx", []string{"golang.org/x/net/html/charset"}},
	{"internal/httpx/callcount", []string{"internal/httpx", "github.com/redis/go-redis/v9/..."}},
	{"internal/httpx/token", []string{"internal/httpx", "github.com/redis/go-redis/v9/...", "github.com/google/uuid"}},
	{"internal/httpx/ratelimit", []string{"internal/httpx", "github.com/redis/go-redis/v9/...", "github.com/google/uuid"}},
	{"internal/whmcs/mysql", []string{"internal/civil", "internal/whmcs", "github.com/go-sql-driver/mysql"}},
	{"internal/whmcs/api", []string{"internal/httpx"}},
	{"internal/whmcs/fixture", []string{"internal/civil", "internal/whmcs", "github.com/go-sql-driver/mysql"}},
	{"internal/state/postgres/...", []string{"internal/state", "github.com/jackc/pgx/v5/...", "github.com/pressly/goose/v3/...", "github.com/google/uuid"}},
	{"internal/redisurl", nil},
	{"internal/quiet", []string{"github.com/go-sql-driver/mysql", "github.com/redis/go-redis/v9/logging"}},
	{"internal/queue", []string{
		"tasks", "internal/redisurl", "github.com/hibiken/asynq/...", "github.com/hibiken/asynqmon", "github.com/alicebob/miniredis/v2/...",
		"github.com/redis/go-redis/v9/...", "github.com/rs/zerolog/...",
	}},
	{"internal/schedule", []string{"tasks", "internal/state", "internal/whmcs", "github.com/robfig/cron/v3", "github.com/rs/zerolog"}},
	{"internal/server/...", []string{
		"internal/config", "internal/state", "internal/whmcs", "internal/obs", "github.com/rs/zerolog/...",
		"golang.org/x/crypto/...", "golang.org/x/sync/...",
	}},
	{"internal/config", []string{"internal/registrar", "internal/whmcs", "internal/redisurl", "github.com/goccy/go-yaml/...", "github.com/robfig/cron/v3", "golang.org/x/crypto/..."}},
	{"internal/obs", []string{"internal/config", "github.com/prometheus/client_golang/...", "github.com/rs/zerolog/...", "golang.org/x/term"}},
	{"internal/report", []string{"internal/civil", "internal/state", "golang.org/x/net/idna"}},
	{"internal/mail", []string{"github.com/wneessen/go-mail/...", "golang.org/x/net/idna"}},
	{"internal/services", []string{
		"github.com/fergusstrange/embedded-postgres", "github.com/go-sql-driver/mysql", "github.com/jackc/pgx/v5/...",
		"github.com/redis/go-redis/v9/...", "github.com/rs/zerolog",
	}},
	{"internal/testkit", []string{
		"internal/quiet", "internal/services", "github.com/alicebob/miniredis/v2/...", "github.com/chromedp/...", "github.com/emersion/go-sasl", "github.com/emersion/go-smtp",
		"github.com/go-sql-driver/mysql", "github.com/jackc/pgx/v5/...",
		"github.com/redis/go-redis/v9/...", "github.com/rs/zerolog",
	}},
	{"internal/testkit/statekit", []string{"internal/state/postgres", "internal/testkit"}},
	{"internal/testkit/synckit", []string{
		"tasks", "workers", "internal/state", "internal/state/postgres", "internal/testkit/statekit",
		"github.com/google/go-cmp/cmp", "github.com/jackc/pgx/v5",
	}},
	{"internal/testkit/cmd/*", []string{"internal/services", "internal/testkit", "github.com/rs/zerolog", "golang.org/x/sync/..."}},
	{"internal/arch", nil},

	// The top: wiring, then commands, then main.
	{"internal/app/...", []string{"tasks", "workers/...", "internal/...", anyModule}},
	{"internal/holding", []string{"internal/civil", "internal/registrar", "internal/registrar/openprovider/sim", "internal/whmcs", "internal/whmcs/fixture"}},
	{"internal/demo/...", []string{"tasks", "workers/...", "internal/...", anyModule}},
	{"internal/bench/...", []string{"tasks", "workers/...", "internal/...", anyModule}},
	{"internal/cli/...", []string{
		"tasks", "internal/app/...", "internal/demo/...", "internal/bench/...", "internal/config", "internal/obs", "internal/quiet",
		"internal/services", "internal/state", "internal/whmcs", "internal/whmcs/fixture", "internal/maillist",
		"internal/server", // the documents that --json prints are the HTTP API's
		"internal/simkit", "internal/*/*/sim", anyModule,
	}},
	{"cmd/whmcsync", []string{"internal/cli"}},
}

// anyModule allows whatever reserved does not keep for others.
const anyModule = "any module"

// reserved names what only some folders may import, whatever their rule allows.
var reserved = []struct {
	what string
	only []string
}{
	{"github.com/hibiken/asynq/...", []string{"internal/queue"}},
	{"github.com/hibiken/asynqmon", []string{"internal/queue"}},
	{"github.com/spf13/cobra", []string{"internal/cli/..."}},
	{"github.com/goccy/go-yaml/...", []string{"internal/config"}},
	{"github.com/pressly/goose/v3/...", []string{"internal/state/postgres/..."}},
	{"github.com/chromedp/...", []string{"internal/testkit"}},
	{"github.com/emersion/...", []string{"internal/testkit", "internal/demo"}},
	{"github.com/wneessen/go-mail/...", []string{"internal/mail"}},
	{"github.com/fergusstrange/embedded-postgres", []string{"internal/services"}},
	{"internal/services", []string{"internal/app/...", "internal/cli/...", "internal/demo/...", "internal/bench/...", "internal/testkit/..."}},
	{"internal/whmcs/fixture", []string{"internal/civil", "internal/holding", "internal/app/...", "internal/cli/...", "internal/demo/...", "internal/bench/..."}},
	{"internal/testkit", []string{"internal/testkit/cmd/*", "internal/testkit/statekit"}},
	{"internal/*/*/sim", []string{"internal/holding", "internal/app/...", "internal/cli/...", "internal/demo/...", "internal/bench/..."}},
	{"internal/wiretest", []string{"internal/*/*test"}},
	{"internal/simkit", []string{"internal/*/*/sim", "internal/wiretest", "internal/app/...", "internal/cli/...", "internal/demo/...", "internal/bench/..."}},
}

// unknownTo names what of the standard library the pure packages must do without: they get what they need handed in.
var unknownTo = map[string][]string{
	"net/http":     {"tasks", "workers/...", "internal/fault", "internal/state", "internal/whmcs", "internal/reconcile", "internal/schedule", "internal/maillist", "internal/registrar", "internal/civil"},
	"database/sql": {"tasks", "workers/...", "internal/fault", "internal/state", "internal/whmcs", "internal/reconcile", "internal/schedule", "internal/maillist", "internal/registrar", "internal/civil"},
	"os":           {"tasks", "workers/...", "internal/fault", "internal/state", "internal/whmcs", "internal/reconcile", "internal/schedule", "internal/maillist", "internal/registrar", "internal/civil"},
}
