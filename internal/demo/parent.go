package demo

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps a worker out of the terminal's Ctrl-C: the demo ends its workers itself.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
