package demo

import (
	"os/exec"
	"syscall"
)

// dieWithUs ends a worker when the demo dies without ending it, and keeps it out of the terminal's Ctrl-C: the demo ends
// its workers itself, so that they can hand back what they have in hand.
func dieWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
