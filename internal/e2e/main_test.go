package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/whmcsync/whmcsync/internal/cli"
)

// asProgram makes this test program be whmcsync itself: built with -race when the tests are.
const asProgram = "WHMCSYNC_E2E_AS_PROGRAM"

// program is the path of whmcsync, built once for all tests.
var program string

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(cli.Main(os.Args[1:]))
	}
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "whmcsync-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "whmcsync")
	build := exec.Command("go", "build", "-o", program, "github.com/whmcsync/whmcsync/cmd/whmcsync")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the program: %w\n%s", err, out)
	}
	if err := waitTogether(); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// waitTogether lets as many tests run at once as there are worlds allowed, however few cores there are: most of their
// time they wait for leases to lapse.
func waitTogether() error {
	flag.Parse()
	atOnce := flag.Lookup("test.parallel")
	if n, err := strconv.Atoi(atOnce.Value.String()); err != nil || n >= worldsAtOnce {
		return err
	}
	return atOnce.Value.Set(strconv.Itoa(worldsAtOnce))
}
