package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/services"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// envSelf makes the test program be the command, so that it is tested as a process with signals and exit codes.
const envSelf = "WHMCSYNC_WITHSERVICES"

func TestMain(m *testing.M) {
	if os.Getenv(envSelf) != "" {
		main()
	}
	os.Exit(m.Run())
}

// command prepares withservices in a folder of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if lacking := services.Missing(); len(lacking) > 0 && os.Getenv("CI") != "true" {
		t.Skipf("not installed: %v", lacking)
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), envSelf+"=1")
	return cmd
}

func TestTheCommandGetsServersAndItsExitCodeComesBack(t *testing.T) {
	t.Parallel()
	script := `test -n "$WHMCSYNC_TEST_POSTGRES" -a -n "$WHMCSYNC_TEST_MYSQL" -a -n "$WHMCSYNC_TEST_REDIS" -a -d "$TMPDIR" && exit 42`
	cmd := command(t, "--", "sh", "-c", script)
	out, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != 42 {
		t.Errorf("exit code %d, want 42: %s", got, out)
	}
	nothingLeft(t, cmd.Dir)
}

func TestWithoutACommandItSaysHowItIsUsed(t *testing.T) {
	t.Parallel()
	cmd := command(t)
	out, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != exitUsage || !strings.Contains(string(out), "usage:") {
		t.Errorf("exit code %d: %s", got, out)
	}
}

func TestAnInterruptEndsEverything(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			// The grandchild stands for a test program below the go command.
			cmd := command(t, "sh", "-c", "sleep 1000 & echo $! > grandchild; wait")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill() })
			grandchild := waitForPID(t, filepath.Join(cmd.Dir, "grandchild"))
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if diff := cmp.Diff(128+int(syscall.SIGINT), cmd.ProcessState.ExitCode()); diff != "" {
				t.Error(diff)
			}
			nothingLeft(t, cmd.Dir)
			testkit.Eventually(t, 10*time.Second, func() (bool, string) { return ended(grandchild), "the grandchild lives" })
		})
	}
}

func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, ".state", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func waitForPID(t *testing.T, file string) (pid string) {
	t.Helper()
	testkit.Eventually(t, time.Minute, func() (bool, string) {
		text, _ := os.ReadFile(file)
		pid = strings.TrimSpace(string(text))
		return pid != "", "the command did not start"
	})
	return pid
}

// ended says whether the process is gone or only waits to be collected by its new parent.
func ended(pid string) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	return err != nil || strings.Contains(string(stat), ") Z ")
}
