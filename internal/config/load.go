package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	_ "time/tzdata" // time zones by name work in an image that has no zone files
)

// Env looks up an environment variable, as os.LookupEnv does.
type Env = func(name string) (string, bool)

// ReadFile reads a whole file, as os.ReadFile does.
type ReadFile = func(path string) ([]byte, error)

// EnvFile is the environment variable that names the configuration file.
const EnvFile = "WHMCSYNC_CONFIG"

// maxSize keeps a wrong file (a database dump, an image) from being parsed at all.
const maxSize = 256 << 10

// Find returns the path of the configuration file: the flag's value, else $WHMCSYNC_CONFIG, else the first of
// ./whmcsync.yaml and /etc/whmcsync/whmcsync.yaml that exists. A path that was named is not looked at here.
func Find(flag string, env Env) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if named, ok := env(EnvFile); ok && named != "" {
		return named, nil
	}
	return firstOf("whmcsync.yaml", "/etc/whmcsync/whmcsync.yaml")
}

func firstOf(paths ...string) (string, error) {
	for _, path := range paths {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
	}
	return "", fmt.Errorf("no configuration: looked for %s and %s: copy whmcsync.example.yaml, or name a file with --config or %s",
		paths[0], paths[1], EnvFile)
}

// Load reads and parses the file. A relative ${file:...} starts at the folder of the file. The error is a *Problems when
// the file is there but is not right.
func Load(path string, env Env) (Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	beside := func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		return os.ReadFile(name)
	}
	return Parse(path, data, env, beside)
}

// Parse turns the text of a configuration file into a Config. The name is for messages only. Every error is a *Problems.
func Parse(name string, data []byte, env Env, readFile ReadFile) (Config, error) {
	d := &decoder{env: env, readFile: readFile, seen: map[string]position{}}
	cfg := defaults(env)
	if root := d.parse(bytes.TrimPrefix(data, []byte("\ufeff"))); root != nil {
		d.mapping("", root, rootKeys(&cfg))
	}
	d.check(&cfg)
	if len(d.problems) == 0 {
		return cfg, nil
	}
	problems := &Problems{File: name, List: d.problems}
	problems.sort()
	return Config{}, problems
}
