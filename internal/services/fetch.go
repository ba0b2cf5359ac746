package services

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// fetchPostgres downloads PostgreSQL binaries into the directory, once, and returns the folder that holds them.
func (h *home) fetchPostgres(ctx context.Context, opts Options) (string, error) {
	binaries := filepath.Join(h.dir, "binaries")
	bin := filepath.Join(binaries, "bin")
	if hasPostgres(bin) {
		return bin, nil
	}
	opts.Log.Info().Str("into", binaries).Msg("no PostgreSQL on this machine, one is being downloaded")
	port, err := freePort()
	if err != nil {
		return "", err
	}
	scratch := filepath.Join(h.dir, "fetch")
	defer os.RemoveAll(scratch)
	config := embeddedpostgres.DefaultConfig().
		CachePath(filepath.Join(scratch, "cache")).RuntimePath(filepath.Join(scratch, "run")).DataPath(filepath.Join(scratch, "data")).
		BinariesPath(binaries).Port(uint32(port)).Logger(io.Discard)
	if opts.FetchFrom != "" {
		config = config.BinaryRepositoryURL(opts.FetchFrom)
	}
	if err := unpack(ctx, embeddedpostgres.NewDatabase(config)); !hasPostgres(bin) {
		return "", fmt.Errorf("%w; downloading it failed: %w", notInstalled("PostgreSQL", PackagePostgres), err)
	}
	return bin, nil
}

// unpack makes the library download and unpack. It has no call for that alone: it goes on to start a server of its
// own, which is stopped again. Whether that one came up says nothing (as root it cannot).
func unpack(ctx context.Context, db *embeddedpostgres.EmbeddedPostgres) error {
	done := make(chan error, 1)
	go func() {
		err := db.Start()
		if err == nil {
			err = db.Stop()
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
