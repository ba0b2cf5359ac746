package services

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// mark is the file by which a folder that Scratch made is known again.
const mark = ".whmcsync-scratch"

// Scratch makes dir a fresh, empty folder to play in. One that Scratch made before is emptied; one that holds anything
// else is an error and is left alone.
func Scratch(dir string) error {
	held, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("services: %w", err)
	}
	marked := filepath.Join(dir, mark)
	if _, err := os.Lstat(marked); len(held) > 0 && err != nil {
		return fmt.Errorf("services: %s holds files that are not of an earlier trial: name another folder, or empty it yourself", dir)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	if err := os.WriteFile(marked, nil, 0o600); err != nil {
		return fmt.Errorf("services: %w", err)
	}
	return nil
}
