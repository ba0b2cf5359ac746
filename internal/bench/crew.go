package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is one running whmcsync.
type process struct {
	role string
	cmd  *exec.Cmd
	done chan struct{}
}

// crew are the processes of one install.
type crew struct {
	world     *world
	processes []*process
	peak      map[string]int // kB by role: the most that any process of the role ever held
}

func (w *world) newCrew() *crew { return &crew{world: w, peak: map[string]int{}} }

// start starts n processes of a role. They are told apart by their process groups from whoever started us, so that Ctrl-C is
// ours to pass on.
func (c *crew) start(role string, n int) error {
	log, err := os.OpenFile(filepath.Join(c.world.dir, role+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	for range n {
		//nolint:noctx // stop ends it: the end of a context would kill it before its memory is read
		cmd := exec.Command(c.world.program, role, "--config", c.world.configPath())
		cmd.Stdout, cmd.Stderr = log, log
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			return err
		}
		p := &process{role: role, cmd: cmd, done: make(chan struct{})}
		go func() {
			_ = cmd.Wait() // how it ended is in its log
			close(p.done)
		}()
		c.processes = append(c.processes, p)
	}
	return nil
}

// name is how the process calls itself in the state.
func (p *process) name() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%s/%d", host, p.cmd.Process.Pid)
}

// find returns the process of a name.
func (c *crew) find(name string) (*process, bool) {
	for _, p := range c.processes {
		if p.name() == name && p.alive() {
			return p, true
		}
	}
	return nil, false
}

func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// kill ends a process as a crash would.
func (p *process) kill() error {
	err := p.cmd.Process.Kill()
	<-p.done
	return err
}

// stop ends the processes of a role, "" = all, and notes how much memory they had taken at most.
func (c *crew) stop(role string) {
	var rest, ending []*process
	for _, p := range c.processes {
		if role != "" && p.role != role {
			rest = append(rest, p)
			continue
		}
		if p.alive() {
			status := fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid)
			c.peak[p.role] = max(c.peak[p.role], kilobytes(field(status, "VmHWM")))
			_ = p.cmd.Process.Signal(os.Interrupt)
		}
		ending = append(ending, p)
	}
	for _, p := range ending {
		<-p.done
	}
	c.processes = rest
}

// alive is an error when a process ended on its own.
func (c *crew) alive() error {
	for _, p := range c.processes {
		if !p.alive() {
			return fmt.Errorf("a %s ended by itself: see %s", p.role, filepath.Join(c.world.dir, p.role+".log"))
		}
	}
	return nil
}

// await polls until ready says yes, or fails when that takes longer than patience.
func await(ctx context.Context, patience time.Duration, what string, ready func() (bool, error)) error {
	deadline := time.Now().Add(patience)
	for {
		ok, err := ready()
		if ok || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %s for %s", patience, what)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}
