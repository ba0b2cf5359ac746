package services_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/whmcsync/whmcsync/internal/services"
)

func TestScratch(t *testing.T) {
	t.Parallel()
	t.Run("empties what it made before", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "a", "b")
		for range 2 {
			if err := services.Scratch(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(dir, "left")); err == nil {
				t.Fatal("a file of the first time is still there")
			}
			if err := os.WriteFile(filepath.Join(dir, "left"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("never empties somebody's folder", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		precious := filepath.Join(dir, "precious")
		if err := os.WriteFile(precious, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := services.Scratch(dir); err == nil {
			t.Error("no error")
		}
		if _, err := os.Stat(precious); err != nil {
			t.Error(err)
		}
	})
}
