package app

import (
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/whmcsync/whmcsync/internal/config"
	"github.com/whmcsync/whmcsync/internal/httpx/ratelimit"
	"github.com/whmcsync/whmcsync/internal/registrar"
)

// The tables of the manual tell what each registrar can do as the program has it.
func TestTheManualTellsWhatEachRegistrarCanDo(t *testing.T) {
	t.Parallel()
	for kind := range vendors {
		if kind == "mailrelay" {
			continue
		}
		can := abilities(t, kind)
		row := fmt.Sprintf("(?m)^\\| [^|]+ \\| `%s` \\| %s \\| %s \\| %s \\| %s \\|", kind, can.list, can.transfers, can.renew, can.protect)
		inManual(t, "../../README.md", row)
		row = fmt.Sprintf(`(?m)^\| %s(?: \([^|]*\))? \| [^|]+ \| %s \| %s \| %s \|`, kind, can.list, can.renew, can.protect)
		inManual(t, "../../docs/configuration.md", row)
	}
}

func inManual(t *testing.T, page, row string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(row).Match(text) {
		t.Errorf("%s has no row %s", page, row)
	}
}

// ability is what a registrar can do, in the manual's words.
type ability struct{ list, transfers, renew, protect string }

func abilities(t *testing.T, kind string) ability {
	t.Helper()
	nobody := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { nobody.Close() })
	made, err := vendors[kind](vendorConfig{
		Account: config.Account{
			Type: kind, Username: "100200", Password: config.NewSecret("p"), APIKey: config.NewSecret("k"), ClientIP: "192.0.2.10",
			Rate: config.Rate{PerSecond: 1, InFlight: 1}, Timeout: time.Second,
		},
		name: kind, redis: nobody, limiter: ratelimit.New(ratelimit.Config{Redis: nobody, Account: kind, PerSecond: 1, InFlight: 1}),
	})
	if err != nil {
		t.Fatal(kind, err)
	}
	t.Cleanup(made.close)
	_, lists := made.registrar.(registrar.Lister)
	_, tracks := made.registrar.(registrar.TransferTracker)
	_, listsTransfers := made.registrar.(registrar.TransferLister)
	_, renews := made.registrar.(registrar.AutoRenewer)
	_, protects := made.registrar.(registrar.Protector)
	can := ability{list: yes(lists), transfers: "no", renew: yes(renews), protect: yes(protects)}
	if tracks {
		can.transfers = "one by one"
	}
	if listsTransfers {
		can.transfers = "listed"
	}
	return can
}

func yes(can bool) string {
	if can {
		return "yes"
	}
	return "no"
}
