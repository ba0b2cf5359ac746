package deploy_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/whmcsync/whmcsync/internal/config"
)

// stack is docker-compose.yml as far as the tests look at it.
type stack struct {
	Services map[string]service `yaml:"services"`
	Secrets  map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`
	Volumes map[string]any `yaml:"volumes"`
}

type service struct {
	Image       string               `yaml:"image"`
	Command     []string             `yaml:"command"`
	Secrets     []string             `yaml:"secrets"`
	Environment map[string]string    `yaml:"environment"`
	Volumes     []string             `yaml:"volumes"`
	Ports       []string             `yaml:"ports"`
	ReadOnly    bool                 `yaml:"read_only"`
	Grace       string               `yaml:"stop_grace_period"`
	DependsOn   map[string]dependent `yaml:"depends_on"`
	Deploy      struct {
		Replicas int `yaml:"replicas"`
	} `yaml:"deploy"`
	Healthcheck struct {
		Test []string `yaml:"test"`
	} `yaml:"healthcheck"`
}

type dependent struct {
	Condition string `yaml:"condition"`
}

// programs are the services that run our own image.
var programs = []string{"migrate", "scheduler", "server", "worker"}

func readStack(t *testing.T) stack {
	t.Helper()
	var s stack
	decode(t, "../docker-compose.yml", &s)
	return s
}

func decode(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestComposeHasTheWholeTopology(t *testing.T) {
	t.Parallel()
	s := readStack(t)
	want := []string{"migrate", "postgres", "redis", "scheduler", "server", "worker"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(s.Services))); diff != "" {
		t.Fatal(diff)
	}
	for _, name := range programs {
		svc := s.Services[name]
		if svc.Image != "whmcsync" || !svc.ReadOnly || svc.Command[0] != name {
			t.Errorf("%s: image %q, read-only %v, command %v", name, svc.Image, svc.ReadOnly, svc.Command)
		}
		grace, err := time.ParseDuration(svc.Grace)
		if err != nil || grace < 30*time.Second {
			t.Errorf("%s: it may be killed after %q, before it has handed its work back", name, svc.Grace)
		}
	}
	if n := s.Services["scheduler"].Deploy.Replicas; n != 2 {
		t.Errorf("%d schedulers, so none stands by", n)
	}
}

func TestComposeStartsThingsInOrder(t *testing.T) {
	t.Parallel()
	s := readStack(t)
	for name, svc := range s.Services {
		for on, how := range svc.DependsOn {
			if _, ok := s.Services[on]; !ok {
				t.Errorf("%s waits for %s, which is not there", name, on)
			}
			if how.Condition == "service_healthy" && len(s.Services[on].Healthcheck.Test) == 0 {
				t.Errorf("%s waits for the health of %s, which has no check", name, on)
			}
		}
	}
	for _, name := range []string{"scheduler", "worker", "server"} {
		if got := s.Services[name].DependsOn["migrate"].Condition; got != "service_completed_successfully" {
			t.Errorf("%s does not wait for the migrations: %q", name, got)
		}
	}
}

func TestComposeHealthChecksAskWhereTheProgramAnswers(t *testing.T) {
	t.Parallel()
	s := readStack(t)
	cfg := composeConfig(t)
	listen := map[string]string{
		"server":    cfg.HTTP.Listen,
		"scheduler": after(s.Services["scheduler"].Command, "--health-listen"),
		"worker":    after(s.Services["worker"].Command, "--health-listen"),
	}
	for name, where := range listen {
		want := []string{"CMD", "/whmcsync", "check", "--health", "http://127.0.0.1" + where + "/healthz"}
		if diff := cmp.Diff(want, s.Services[name].Healthcheck.Test); diff != "" {
			t.Errorf("%s\n%s", name, diff)
		}
	}
	if ports := s.Services["server"].Ports; len(ports) != 1 || !strings.HasSuffix(ports[0], cfg.HTTP.Listen) {
		t.Errorf("the server listens on %s, and %v is opened", cfg.HTTP.Listen, ports)
	}
}

func after(command []string, flag string) string {
	i := slices.Index(command, flag)
	if i < 0 || i+1 == len(command) {
		return "nowhere"
	}
	return command[i+1]
}

var (
	secretInFile   = regexp.MustCompile(`/run/secrets/([a-z_]+)`)
	secretInScript = regexp.MustCompile(`\b(?:for name in|ask) ([a-z_ ]+)`)
)

func TestEverySecretIsDeclaredMountedAndMade(t *testing.T) {
	t.Parallel()
	s := readStack(t)
	used := map[string]bool{}
	for _, m := range secretInFile.FindAllStringSubmatch(read(t, "compose/whmcsync.yaml"), -1) {
		used[m[1]] = true
	}
	declared := slices.Sorted(maps.Keys(s.Secrets))
	if diff := cmp.Diff(slices.Sorted(maps.Keys(used)), declared); diff != "" {
		t.Errorf("the configuration uses other secrets than the stack declares\n%s", diff)
	}
	for _, name := range programs {
		if diff := cmp.Diff(declared, slices.Sorted(slices.Values(s.Services[name].Secrets))); diff != "" {
			t.Errorf("%s\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(declared, madeByScript(t)); diff != "" {
		t.Errorf("secrets.sh makes others\n%s", diff)
	}
}

func madeByScript(t *testing.T) []string {
	t.Helper()
	made := map[string]bool{}
	for _, m := range secretInScript.FindAllStringSubmatch(read(t, "compose/secrets.sh"), -1) {
		for name := range strings.FieldsSeq(m[1]) {
			made[name] = true
		}
	}
	return slices.Sorted(maps.Keys(made))
}

// composeConfig reads the sample configuration as the containers would, with made-up secrets.
func composeConfig(t *testing.T) config.Config {
	t.Helper()
	secrets := map[string]string{
		"/run/secrets/whmcs_dsn": "whmcsync:pa55word@tcp(db.example.com:3306)/whmcs",
	}
	file := func(path string) ([]byte, error) {
		if text, ok := secrets[path]; ok {
			return []byte(text + "\n"), nil
		}
		return []byte(strings.Repeat("0123456789abcdef", 3)), nil
	}
	noEnv := func(string) (string, bool) { return "", false }
	cfg, err := config.Parse("whmcsync.yaml", []byte(read(t, "compose/whmcsync.yaml")), noEnv, file)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestComposeConfigurationNamesTheServicesOfTheStack(t *testing.T) {
	t.Parallel()
	cfg, s := composeConfig(t), readStack(t)
	if url := cfg.Postgres.URL.Reveal(); !strings.Contains(url, "@postgres:5432/"+s.Services["postgres"].Environment["POSTGRES_DB"]) {
		t.Error("the configuration does not lead to the stack's Postgres")
	}
	if url := cfg.Redis.URL.Reveal(); !strings.Contains(url, "@redis:6379/") {
		t.Error("the configuration does not lead to the stack's Redis")
	}
	if got := cfg.Syncs["newsletter"].Mode; got != "notify" {
		t.Errorf("a first start would write: mode %s", got)
	}
	target := s.Services["worker"].Environment["WHMCSYNC_CONFIG"]
	if v := s.Services["worker"].Volumes; len(v) != 1 || !strings.HasSuffix(v[0], ":"+target+":ro") {
		t.Errorf("%s is not mounted: %v", target, v)
	}
}

func TestRedisForgetsNothing(t *testing.T) {
	t.Parallel()
	command := strings.Join(readStack(t).Services["redis"].Command, " ")
	for _, want := range []string{"--appendonly yes", "--appendfsync everysec", "--maxmemory-policy noeviction", "requirepass"} {
		if !strings.Contains(command, want) {
			t.Errorf("Redis is started without %q", want)
		}
	}
}

func TestImageIsSmallAndUnprivileged(t *testing.T) {
	t.Parallel()
	text := read(t, "Dockerfile")
	for _, want := range []string{"FROM scratch", "CGO_ENABLED=0", "USER 65532:65532", "ca-certificates.crt", `ENTRYPOINT ["/whmcsync"]`} {
		if !strings.Contains(text, want) {
			t.Errorf("the Dockerfile lacks %q", want)
		}
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../go.mod"))[1]
	if !strings.Contains(text, "FROM golang:"+version+" ") {
		t.Errorf("the image is not built with Go %s", version)
	}
}
