//go:build unix && !linux

package services

import (
	"fmt"
	"syscall"
)

// attributes are how a child is started: in a process group of its own and as another user when we are root. Only
// Linux can end a child with its parent and let it pass closed folders.
func attributes(id *identity, _ syscall.Signal) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if id == nil {
		return attr, nil
	}
	if id.blocked != "" {
		return nil, fmt.Errorf("services: the user %s cannot pass the folder %s: open it (chmod o+x) or use a state directory elsewhere", id.name, id.blocked)
	}
	attr.Credential = &syscall.Credential{Uid: uint32(id.uid), Gid: uint32(id.gid)}
	return attr, nil
}

// runsIn cannot be told without /proc; any living process with the number is taken for the server, as PostgreSQL
// itself does.
func runsIn(int, string) bool { return true }
