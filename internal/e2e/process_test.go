package e2e

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/testkit"
)

// process is one running whmcsync.
type process struct {
	t     *testing.T
	name  string
	cmd   *exec.Cmd
	log   testkit.Printed
	ended chan struct{}
}

// launch starts path with args. The thread that starts it is kept until it ends, see diesWithParent.
func launch(t *testing.T, path string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: strings.Join(args, " "), ended: make(chan struct{})}
	p.cmd = exec.Command(path, args...)
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	p.cmd.Env = append(os.Environ(), env...)
	diesWithParent(p.cmd)
	started := make(chan error, 1)
	go func() {
		defer close(p.ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // the exit code is kept in ProcessState
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s printed:\n%s", p.name, p.tail())
		}
	})
	return p
}

// tail is the end of what the process printed.
func (p *process) tail() string {
	text := p.log.String()
	return text[max(0, len(text)-6000):]
}

// kill ends the process as a crash would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// terminate asks the process to end and returns how long that took.
func (p *process) terminate(limit time.Duration) time.Duration {
	p.t.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(limit):
		p.t.Fatalf("%s did not end within %s of SIGTERM", p.name, limit)
	}
	return time.Since(began)
}

// ends waits until the process has ended by itself, with this exit code.
func (p *process) ends(code int, limit time.Duration) {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(limit):
		p.t.Fatalf("%s did not end within %s", p.name, limit)
	}
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.t.Fatalf("%s ended with %d, not %d", p.name, got, code)
	}
}

// pid is how the process calls itself, without the host's name.
func (p *process) pid() int { return p.cmd.Process.Pid }

// says waits until the process has logged the sentence.
func (p *process) says(sentence string, limit time.Duration) {
	p.t.Helper()
	testkit.Eventually(p.t, limit, func() (bool, string) {
		select {
		case <-p.ended:
			p.t.Fatalf("%s ended before it said %q:\n%s", p.name, sentence, p.tail())
		default:
		}
		return strings.Contains(p.log.String(), sentence), p.name + " has not said: " + sentence
	})
}
