package services

import (
	"os"
	"path/filepath"
	"testing"
)

func TestBlockedAboveNamesTheFolderThatIsClosed(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	data := filepath.Join(top, "closed", "open", "data")
	if err := os.MkdirAll(data, 0o755); err != nil {
		t.Fatal(err)
	}
	stranger := &identity{name: "stranger", uid: 4_000_001, gid: 4_000_001}
	ourselves := &identity{name: "us", uid: os.Getuid(), gid: os.Getgid()}
	opened(t, top)

	t.Run("nothing is closed", func(t *testing.T) {
		if got := stranger.blockedAbove(data); got != "" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("a folder is closed to strangers only", func(t *testing.T) {
		closed := filepath.Join(top, "closed")
		if err := os.Chmod(closed, 0o700); err != nil {
			t.Fatal(err)
		}
		if got := stranger.blockedAbove(data); got != closed {
			t.Errorf("got %q, want %q", got, closed)
		}
		if got := ourselves.blockedAbove(data); got != "" {
			t.Errorf("we are blocked by %s", got)
		}
	})
}

// opened makes the folders above a temporary directory passable; they are ours too.
func opened(t *testing.T, dir string) {
	t.Helper()
	for ; dir != filepath.Clean(os.TempDir()); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func TestVersionIn(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]int{
		"/usr/lib/postgresql/15/bin":          15,
		"/usr/pgsql-16/bin":                   16,
		"/opt/homebrew/opt/postgresql@17/bin": 17,
		"/usr/local/pgsql/bin":                0,
	} {
		if got := versionIn(dir); got != want {
			t.Errorf("%s: got %d, want %d", dir, got, want)
		}
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	t.Parallel()
	var kept tail
	for range 3 {
		if _, err := kept.Write(make([]byte, tailBytes)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := kept.Write([]byte("the end\n")); err != nil {
		t.Fatal(err)
	}
	if got := kept.String(); len(got) > tailBytes || got[len(got)-7:] != "the end" {
		t.Errorf("kept %d bytes ending in %q", len(got), got[len(got)-7:])
	}
}
