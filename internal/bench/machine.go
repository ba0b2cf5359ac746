package bench

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Machine describes where a benchmark ran.
type Machine struct {
	CPU      string `json:"cpu"`
	Cores    int    `json:"cores"`
	MemoryMB int    `json:"memory_mb"`
	System   string `json:"system"`
	Go       string `json:"go"`
	Program  string `json:"program"`
	Postgres string `json:"postgres"`
	MariaDB  string `json:"mariadb"`
	Redis    string `json:"redis"`
}

// describe fills in what the servers do not know. A line that cannot be read stays empty.
func describe(ctx context.Context, version string) Machine {
	kernel, _ := exec.CommandContext(ctx, "uname", "-sr").Output()
	return Machine{
		CPU:      field("/proc/cpuinfo", "model name"),
		Cores:    runtime.NumCPU(),
		MemoryMB: kilobytes(field("/proc/meminfo", "MemTotal")) / 1024,
		System:   strings.TrimSpace(string(kernel)) + " " + runtime.GOARCH,
		Go:       runtime.Version(),
		Program:  version,
	}
}

// addServers asks the servers for their versions.
func (m *Machine) addServers(ctx context.Context, s *servers) error {
	if err := s.mysql.QueryRowContext(ctx, "SELECT version()").Scan(&m.MariaDB); err != nil {
		return err
	}
	if err := s.postgres.QueryRow(ctx, "SELECT current_setting('server_version')").Scan(&m.Postgres); err != nil {
		return err
	}
	info, err := s.redis.Info(ctx, "server").Result()
	for line := range strings.Lines(info) {
		if version, ok := strings.CutPrefix(line, "redis_version:"); ok {
			m.Redis = strings.TrimSpace(version)
		}
	}
	return err
}

// field reads the value behind the first "name:" line of a file of /proc; "" when there is none.
func field(path, name string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ":")
		if strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func kilobytes(text string) (kb int) {
	for _, digit := range text {
		if digit < '0' || digit > '9' {
			break
		}
		kb = kb*10 + int(digit-'0')
	}
	return kb
}
