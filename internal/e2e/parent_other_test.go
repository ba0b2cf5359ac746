//go:build !linux

package e2e

import "os/exec"

// diesWithParent needs Linux; elsewhere only the end of the test ends the process.
func diesWithParent(*exec.Cmd) {}
