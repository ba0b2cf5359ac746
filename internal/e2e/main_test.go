package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	return m.Run(), nil
}
