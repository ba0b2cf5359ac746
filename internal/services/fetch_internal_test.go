package services

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// The archive holds three scripts in the place of initdb, postgres and pg_ctl that only fail: what is tested is the
// way here, and that a server the library cannot start is no obstacle.
func TestFetchPostgresDownloadsOnce(t *testing.T) {
	t.Parallel()
	jar := jarOf(t, "testdata/binaries.txz")
	sum := sha256.Sum256(jar)
	downloads := 0
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".sha256") {
			_, _ = w.Write([]byte(hex.EncodeToString(sum[:])))
			return
		}
		downloads++
		_, _ = w.Write(jar)
	}))
	defer mirror.Close()
	h := homeOf(t)
	for range 2 {
		bin, err := h.fetchPostgres(t.Context(), Options{Log: zerolog.Nop(), FetchFrom: mirror.URL})
		if err != nil || !hasPostgres(bin) {
			t.Fatalf("got %q, %v", bin, err)
		}
	}
	if downloads != 1 {
		t.Errorf("downloaded %d times, want once", downloads)
	}
	if _, err := os.Stat(filepath.Join(h.dir, "fetch")); !os.IsNotExist(err) {
		t.Errorf("the scratch folder is still there: %v", err)
	}
}

func TestFetchPostgresSaysWhatToInstallWhenItCannot(t *testing.T) {
	t.Parallel()
	mirror := httptest.NewServer(http.NotFoundHandler())
	defer mirror.Close()
	_, err := homeOf(t).fetchPostgres(t.Context(), Options{Log: zerolog.Nop(), FetchFrom: mirror.URL})
	if !errors.Is(err, ErrNotInstalled) || !strings.Contains(err.Error(), "apt-get install "+PackagePostgres) {
		t.Errorf("got %v", err)
	}
}

func homeOf(t *testing.T) *home {
	t.Helper()
	h, err := prepare(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.lock.release)
	return h
}

// jarOf wraps the file as the download is wrapped.
func jarOf(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var jar bytes.Buffer
	w := zip.NewWriter(&jar)
	entry, err := w.Create("postgres.txz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return jar.Bytes()
}
