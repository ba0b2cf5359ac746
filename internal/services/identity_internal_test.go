package services

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAFolderIsClosedToStrangersOnly(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	closed := filepath.Join(top, "closed")
	data := filepath.Join(closed, "open", "data")
	if err := os.MkdirAll(data, 0o755); err != nil {
		t.Fatal(err)
	}
	stranger := &identity{name: "stranger", uid: 4_000_001, gid: 4_000_001}
	ourselves := &identity{name: "us", uid: os.Getuid(), gid: os.Getgid()}
	if !stranger.mayPass(closed) || stranger.blockedAbove(data) != stranger.blockedAbove(closed) {
		t.Errorf("an open folder is taken for closed: blocked by %q", stranger.blockedAbove(data))
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	if stranger.mayPass(closed) || stranger.blockedAbove(data) == "" {
		t.Error("a closed folder is taken for open")
	}
	if !ourselves.mayPass(closed) {
		t.Error("our own folder is taken for closed to us")
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
