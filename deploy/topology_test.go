package deploy_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/sim"
	"github.com/whmcsync/whmcsync/internal/testkit"
	"github.com/whmcsync/whmcsync/internal/whmcs/fixture"
)

// The stack of docker-compose.yml as plain processes: the same commands, configuration and health checks, with only the
// addresses replaced by those of this machine.
func TestTheStackRunsAsItIsWritten(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	s := readStack(t)

	if out, err := h.command(s.Services["migrate"].Command...).CombinedOutput(); err != nil {
		t.Fatalf("migrate: %v\n%s", err, out)
	}
	var started []*process
	for _, name := range []string{"scheduler", "worker", "server"} {
		for i := range max(1, s.Services[name].Deploy.Replicas) {
			started = append(started, h.start(name, i, s.Services[name]))
		}
	}
	for _, p := range started {
		testkit.Eventually(t, 30*time.Second, func() (bool, string) {
			out, err := h.command(p.health...).CombinedOutput()
			return err == nil, fmt.Sprintf("%s is not healthy: %v %s\n%s", p.name, err, out, p.log())
		})
	}
	h.askForRun()
	testkit.Eventually(t, 60*time.Second, func() (bool, string) {
		n := h.list.Summary().Count
		return n > 50, fmt.Sprintf("%d people on the list\n%s", n, started[2].log())
	})
	for _, p := range started {
		p.end(t)
	}
	if seen := h.list.Summary().Violations; len(seen) > 0 {
		t.Errorf("the list saw what must not happen: %+v", seen)
	}
}

// host stands in for the machine that the containers run on.
type host struct {
	t       *testing.T
	program string
	dir     string
	list    *sim.Server
	server  string            // where the server role listens
	config  string            // path
	secrets map[string]string // by name
}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{t: t, dir: t.TempDir(), server: freePort(t)}
	h.program = filepath.Join(h.dir, "whmcsync")
	if out, err := exec.Command("go", "build", "-o", h.program, "../cmd/whmcsync").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	h.secrets = map[string]string{
		"whmcs_dsn": testkit.MySQL(t), "mailrelay_key": "stack-key", "hook_secret": "stack-hook-secret",
		"cron_key": "stack-cron-key", "operator_password": "stack-operator", "metrics_token": "stack-metrics",
	}
	if err := fixture.Load(t.Context(), h.secrets["whmcs_dsn"]); err != nil {
		t.Fatal(err)
	}
	if _, err := fixture.Clients(t.Context(), h.secrets["whmcs_dsn"], fixture.Options{N: 200, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	h.list = sim.New(sim.Options{APIKey: h.secrets["mailrelay_key"]})
	if err := h.list.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.list.Close() })
	h.writeConfig()
	return h
}

// writeConfig is the sample of the stack with this machine's addresses, and without the rehearsal mode.
func (h *host) writeConfig() {
	postgres, redis := mustURL(h.t, testkit.Postgres(h.t)), mustURL(h.t, testkit.Redis(h.t))
	h.secrets["postgres_password"], h.secrets["redis_password"] = password(postgres), password(redis)
	text := strings.NewReplacer(
		"postgres://whmcsync:", "postgres://"+postgres.User.Username()+":",
		"@postgres:5432/whmcsync", "@"+postgres.Host+postgres.Path,
		"redis://:${file:/run/secrets/redis_password}@redis:6379/0", redis.String(),
		"/run/secrets/", h.dir+"/",
		`":8080"`, `"`+h.server+`"`,
		"host: acme", "base_url: "+h.list.URL(),
		"    mode: notify", "    #",
	).Replace(read(h.t, "compose/whmcsync.yaml"))
	h.config = filepath.Join(h.dir, "whmcsync.yaml")
	h.write("whmcsync.yaml", text)
	for name, value := range h.secrets {
		h.write(name, value+"\n")
	}
}

func (h *host) write(name, text string) {
	if err := os.WriteFile(filepath.Join(h.dir, name), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// password is what the URL has; a server that trusts everybody takes any.
func password(u *url.URL) string {
	if p, ok := u.User.Password(); ok {
		return p
	}
	return "any"
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// command is a line of the stack as a process of this machine.
func (h *host) command(args ...string) *exec.Cmd {
	cmd := exec.Command(h.program, args...)
	cmd.Env = append(os.Environ(), "WHMCSYNC_CONFIG="+h.config)
	return cmd
}

// process is one container.
type process struct {
	name   string
	cmd    *exec.Cmd
	health []string
	out    *testkit.Printed
}

// start runs a service's command and remembers its health check; each replica gets a port of its own, as each container
// has its own address.
func (h *host) start(name string, replica int, svc service) *process {
	h.t.Helper()
	args, check := append([]string{}, svc.Command...), append([]string{}, svc.Healthcheck.Test[2:]...)
	where := h.server
	if listen := after(args, "--health-listen"); listen != "nowhere" {
		where = freePort(h.t)
		args[len(args)-1] = where
	}
	check[len(check)-1] = "http://" + where + "/healthz"
	p := &process{name: fmt.Sprintf("%s %d", name, replica), cmd: h.command(args...), health: check, out: &testkit.Printed{}}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

func (p *process) log() string { return p.out.String() }

// end stops the container as compose does, and expects it to be gone in time, without an error.
func (p *process) end(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- p.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("%s ended with %v\n%s", p.name, err, p.log())
		}
	case <-time.After(25 * time.Second):
		t.Errorf("%s did not end within 25 s\n%s", p.name, p.log())
	}
}

// askForRun calls the cron address with its key.
func (h *host) askForRun() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+h.server+"/cron/newsletter", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+h.secrets["cron_key"])
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted && answer.StatusCode != http.StatusOK {
		h.t.Fatalf("/cron/newsletter answered %d", answer.StatusCode)
	}
}
