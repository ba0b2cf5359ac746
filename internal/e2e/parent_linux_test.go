package e2e

import (
	"os/exec"
	"syscall"
)

// diesWithParent has the kernel end the process when the thread that started it ends, so that a test program that is
// killed leaves nothing running.
func diesWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
