//go:build unix

package services

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// identity is the user a server runs as.
type identity struct {
	name     string
	uid, gid int
	blocked  string // folder above the data that this user may not pass through; "" = none
}

// pickIdentity returns whom a server that refuses to run as root runs as, with its files in dir: ourselves (nil) when
// we are nobody special, else the service's own user or nobody.
func pickIdentity(service, dir string) (*identity, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{service, "nobody"} {
		if id, err := lookup(name); err == nil {
			id.blocked = id.blockedAbove(dir)
			return id, nil
		}
	}
	return nil, fmt.Errorf("services: %s does not run as root and there is neither a user %q nor a user \"nobody\" to run it as", service, service)
}

func lookup(name string) (*identity, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	return &identity{name: name, uid: uid, gid: gid}, nil
}

// own hands dir and all in it to the identity.
func (id *identity) own(dir string) error {
	if id == nil {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = os.Lchown(path, id.uid, id.gid)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a server that is on its way out removes files of its own
		}
		return err
	})
}

// blockedAbove returns the outermost folder above dir that the identity may not pass through, "" when it can reach
// dir by its own rights.
func (id *identity) blockedAbove(dir string) string {
	blocked := ""
	for at := filepath.Dir(dir); ; at = filepath.Dir(at) {
		if !id.mayPass(at) {
			blocked = at
		}
		if at == filepath.Dir(at) {
			return blocked
		}
	}
}

func (id *identity) mayPass(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	switch mode := info.Mode(); {
	case int(owner.Uid) == id.uid:
		return mode&0o100 != 0
	case int(owner.Gid) == id.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}
