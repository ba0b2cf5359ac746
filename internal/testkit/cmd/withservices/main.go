package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/whmcsync/whmcsync/internal/services"
	"github.com/whmcsync/whmcsync/internal/testkit"
)

// Exit codes of our own; every other one is the command's.
const (
	exitFailed = 1
	exitUsage  = 2
)

// grace is how long an interrupted command may take to end by itself.
const grace = 15 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code, err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "withservices:", err)
	}
	os.Exit(code)
}

// run starts the servers, runs the command and removes everything again.
func run(ctx context.Context, args []string) (int, error) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return exitUsage, errors.New("usage: withservices -- command [argument...]")
	}
	dir, err := workFolder()
	if err != nil {
		return exitFailed, err
	}
	defer os.RemoveAll(dir)
	servers, err := start(ctx, dir)
	defer servers.stop()
	if err != nil {
		return exitFailed, err
	}
	return execute(ctx, args, append(os.Environ(), servers.env(dir)...))
}

// workFolder makes a short-named folder: some programs put sockets below TMPDIR, and their paths must stay short.
func workFolder() (string, error) {
	if err := os.MkdirAll(".state", 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(".state", "test-")
	if err != nil {
		return "", err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	return dir, os.Mkdir(filepath.Join(dir, "tmp"), 0o755)
}

// servers are the three; one that could not be started is nil.
type servers struct {
	postgres *services.Postgres
	mariaDB  *services.MariaDB
	redis    *services.Redis
}

// start starts the three at once. A server that is not installed is only reported: the tests that need it skip, or
// fail when CI=true.
func start(ctx context.Context, dir string) (*servers, error) {
	s := &servers{}
	var all errgroup.Group
	options := func(name string) services.Options {
		return services.Options{Dir: filepath.Join(dir, name), Log: zerolog.Nop()}
	}
	all.Go(func() (err error) {
		s.postgres, err = services.StartPostgres(ctx, options("postgres"))
		return tolerate(err)
	})
	all.Go(func() (err error) {
		s.mariaDB, err = services.StartMariaDB(ctx, options("mariadb"))
		return tolerate(err)
	})
	all.Go(func() (err error) {
		s.redis, err = services.StartRedis(ctx, options("redis"))
		return tolerate(err)
	})
	return s, all.Wait()
}

func tolerate(err error) error {
	if errors.Is(err, services.ErrNotInstalled) {
		fmt.Fprintln(os.Stderr, "withservices:", err)
		return nil
	}
	return err
}

func (s *servers) stop() {
	if s.postgres != nil {
		s.postgres.Stop()
	}
	if s.mariaDB != nil {
		s.mariaDB.Stop()
	}
	if s.redis != nil {
		s.redis.Stop()
	}
}

// env names the servers, and keeps temporary files in our folder.
func (s *servers) env(dir string) []string {
	env := []string{"TMPDIR=" + filepath.Join(dir, "tmp")}
	if s.postgres != nil {
		env = append(env, testkit.EnvPostgres+"="+s.postgres.URL)
	}
	if s.mariaDB != nil {
		env = append(env, testkit.EnvMySQL+"="+s.mariaDB.DSN)
	}
	if s.redis != nil {
		env = append(env, testkit.EnvRedis+"="+s.redis.URL)
	}
	return env
}

// execute runs the command and returns its exit code; 128 + the signal when one ended it, as a shell does. The
// command has a process group of its own, so that an interrupt reaches what it started too: the go command leaves
// its test programs running otherwise.
func execute(ctx context.Context, args, env []string) (int, error) {
	cmd := exec.Command(args[0], args[1:]...) //nolint:noctx // end asks the whole group, not only this process
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return exitFailed, err
	}
	ended := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		end(ctx, cmd.Process.Pid, ended)
	}()
	err := cmd.Wait()
	close(ended)
	<-watched
	return exitCode(err)
}

// end passes an interrupt on to the group, and kills what is left of it after the time of grace.
func end(ctx context.Context, group int, ended <-chan struct{}) {
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	_ = syscall.Kill(-group, syscall.SIGINT)
	select {
	case <-ended:
	case <-time.After(grace):
	}
	_ = syscall.Kill(-group, syscall.SIGKILL)
}

func exitCode(err error) (int, error) {
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return 0, nil
	case !ended:
		return exitFailed, err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}
