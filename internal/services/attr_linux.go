package services

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Capabilities that let a process pass folders its user may not (capabilities(7)), the smaller one first.
const (
	capDACReadSearch = 2
	capDACOverride   = 1
)

// attributes are how a child is started: in a process group of its own, so that Ctrl-C reaches us and we stop it in
// good order; ended by the kernel when we die; as another user when we are root.
//
// A checkout below /root or another closed folder cannot be reached by that other user. The child then keeps the
// one right to pass folders, and no other right of root's.
func attributes(id *identity, onDeath syscall.Signal) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: onDeath}
	if id == nil {
		return attr, nil
	}
	attr.Credential = &syscall.Credential{Uid: uint32(id.uid), Gid: uint32(id.gid)}
	if id.blocked == "" {
		return attr, nil
	}
	for _, capability := range []uintptr{capDACReadSearch, capDACOverride} {
		if permitted(capability) {
			attr.AmbientCaps = []uintptr{capability}
			return attr, nil
		}
	}
	return nil, unreachable(id)
}

func permitted(capability uintptr) bool {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(status), "CapPrm:")
	hex, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
	set, err := strconv.ParseUint(hex, 16, 64)
	return err == nil && set&(1<<capability) != 0
}

func unreachable(id *identity) error {
	return fmt.Errorf("services: the user %s cannot pass the folder %s: open it (chmod o+x) or use a state directory elsewhere", id.name, id.blocked)
}

// runsIn says whether process pid works in dir, as a PostgreSQL server does in its data directory.
func runsIn(pid int, dir string) bool {
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return err == nil && cwd == dir
}
