package services

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// launch is everything needed to start one server process.
type launch struct {
	name    string // PostgreSQL, MariaDB, Redis: for messages
	path    string
	args    []string
	input   string // what the process reads from its standard input
	dir     string // where its temporary files go
	as      *identity
	onDeath syscall.Signal // what the kernel sends when we die
}

// child is one running server process.
type child struct {
	cmd    *exec.Cmd
	output tail
	exited chan struct{} // closed once the process is gone
}

// start runs the process. The thread that starts it is kept until the process ends, because the kernel takes the
// end of that thread, not only of the whole program, for the parent's death.
func (l launch) start() (*child, error) {
	attr, err := attributes(l.as, l.onDeath)
	if err != nil {
		return nil, err
	}
	c := &child{exited: make(chan struct{})}
	c.cmd = l.command(context.Background(), &c.output)
	c.cmd.SysProcAttr = attr
	started := make(chan error, 1)
	go func() {
		defer close(c.exited)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			_ = c.cmd.Wait() // how it ended is in its output; that it ended is what counts
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("services: start %s: %w", l.name, err)
	}
	return c, nil
}

// run executes a short helper program such as initdb to its end.
func (l launch) run(ctx context.Context) error {
	attr, err := attributes(l.as, syscall.SIGKILL)
	if err != nil {
		return err
	}
	runtime.LockOSThread() // see start
	defer runtime.UnlockOSThread()
	var output tail
	cmd := l.command(ctx, &output)
	cmd.SysProcAttr = attr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("services: %s: %w", l.name, output.told(err))
	}
	return nil
}

func (l launch) command(ctx context.Context, output *tail) *exec.Cmd {
	cmd := exec.CommandContext(ctx, l.path, l.args...)
	cmd.Dir = "/" // a user who needs its special right to reach l.dir has it only once the program runs
	// A clean environment: PGPORT and its like would change what the server does.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=" + l.dir, "TMPDIR=" + l.dir}
	cmd.Stdin = strings.NewReader(l.input)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.WaitDelay = 2 * time.Second // processes of its own may hold the output open after a kill
	return cmd
}

// await polls ready until it succeeds, the process ends or ctx does.
func (c *child) await(ctx context.Context, name string, ready func(context.Context) error) error {
	every := time.NewTicker(20 * time.Millisecond)
	defer every.Stop()
	last := errors.New("never asked")
	for {
		select {
		case <-c.exited:
			return fmt.Errorf("services: %s: %w", name, c.output.told(errors.New("ended while starting")))
		case <-ctx.Done():
			return fmt.Errorf("services: %s did not answer in time: %w (last: %w)%s", name, ctx.Err(), last, c.output.indented())
		case <-every.C:
			if last = ready(ctx); last == nil {
				return nil
			}
		}
	}
}

// stop sends sig and waits for the end; after patience the process and its group are killed.
func (c *child) stop(sig syscall.Signal, patience time.Duration) {
	_ = c.cmd.Process.Signal(sig)
	select {
	case <-c.exited:
	case <-time.After(patience):
		c.kill()
	}
}

// kill ends the process and its group at once, as a crash would, and waits for the end.
func (c *child) kill() {
	select {
	case <-c.exited: // its number may be another process's by now
		return
	default:
	}
	_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	<-c.exited
}

// tail keeps the end of what a process printed.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

const tailBytes = 4096

// Write keeps the last of p.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailBytes; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.kept))
}

// told adds to err what was printed; a disk that takes no more is said in its one word instead.
func (t *tail) told(err error) error {
	text := t.String()
	for words, cause := range spaceless {
		if strings.Contains(text, words) {
			return cause
		}
	}
	return fmt.Errorf("%w%s", err, t.indented())
}

// spaceless are the words by which servers say that a disk takes no more.
var spaceless = map[string]error{
	"No space left on device": syscall.ENOSPC,
	"Check free disk space":   syscall.ENOSPC,
	"Disk quota exceeded":     syscall.EDQUOT,
	"Read-only file system":   syscall.EROFS,
}

// indented is the text as the end of an error message.
func (t *tail) indented() string {
	text := t.String()
	if text == "" {
		return " and printed nothing"
	}
	return ":\n  " + strings.ReplaceAll(text, "\n", "\n  ")
}
