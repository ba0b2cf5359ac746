package services

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Distribution packages that bring a server, for messages and for the installer.
const (
	PackagePostgres = "postgresql"
	PackageMariaDB  = "mariadb-server"
	PackageRedis    = "redis-server"
)

// postgresDirs are folders where distributions keep server binaries that are not in PATH.
var postgresDirs = []string{
	"/usr/lib/postgresql/*/bin",               // Debian, Ubuntu
	"/usr/pgsql-*/bin",                        // PostgreSQL's own RPMs
	"/usr/local/pgsql/bin",                    // built from source
	"/opt/homebrew/opt/postgresql@*/bin",      // Homebrew on Apple silicon
	"/usr/local/opt/postgresql@*/bin",         // Homebrew on Intel
	"/usr/libexec/postgresql*",                // Alpine
	"/Applications/Postgres.app/Contents/*/*", // Postgres.app
}

// sbinDirs are where daemons live that an ordinary user's PATH does not name.
var sbinDirs = []string{"/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/opt/homebrew/sbin", "/opt/homebrew/bin"}

// Missing returns the distribution packages whose servers are not on this machine, in a fixed order.
func Missing() []string {
	var missing []string
	if _, err := findPostgres(anyMajor); err != nil {
		missing = append(missing, PackagePostgres)
	}
	if _, err := findMariaDB(); err != nil {
		missing = append(missing, PackageMariaDB)
	}
	if _, err := findRedis(); err != nil {
		missing = append(missing, PackageRedis)
	}
	return missing
}

// anyMajor asks for the newest PostgreSQL there is.
const anyMajor = 0

// findPostgres returns the folder that holds initdb and postgres of the given major version.
func findPostgres(major int) (string, error) {
	newest, newestMajor := "", -1
	for _, dir := range postgresFolders() {
		switch have := versionIn(dir); {
		case !hasPostgres(dir):
		case major != anyMajor && have == major:
			return dir, nil
		case have > newestMajor:
			newest, newestMajor = dir, have
		}
	}
	if newest == "" {
		return "", notInstalled("PostgreSQL", PackagePostgres)
	}
	return newest, nil
}

// postgresFolders lists the folder PATH leads to and those distributions use.
func postgresFolders() []string {
	var folders []string
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if target, err := filepath.EvalSymlinks(initdb); err == nil {
			folders = append(folders, filepath.Dir(target))
		}
	}
	for _, pattern := range postgresDirs {
		dirs, _ := filepath.Glob(pattern) // fails on a malformed pattern only
		folders = append(folders, dirs...)
	}
	return folders
}

func hasPostgres(dir string) bool {
	return findIn("initdb", dir) != "" && findIn("postgres", dir) != ""
}

// versionIn reads the major version out of a folder such as /usr/lib/postgresql/15/bin; 0 when there is none.
func versionIn(dir string) int {
	digits := strings.FieldsFunc(dir, func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(digits[0])
	return n
}

// mariaDBTools are the two programs a private MariaDB needs.
type mariaDBTools struct{ server, install string }

func findMariaDB() (mariaDBTools, error) {
	tools := mariaDBTools{server: find("mariadbd", "mysqld"), install: find("mariadb-install-db", "mysql_install_db")}
	if tools.server == "" || tools.install == "" {
		return tools, notInstalled("MariaDB", PackageMariaDB)
	}
	return tools, nil
}

func findRedis() (string, error) {
	if path := find("redis-server", "valkey-server"); path != "" {
		return path, nil
	}
	return "", notInstalled("Redis", PackageRedis)
}

// find returns the first of names that PATH or one of sbinDirs holds, "" when there is none.
func find(names ...string) string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
		for _, dir := range sbinDirs {
			if path := findIn(name, dir); path != "" {
				return path
			}
		}
	}
	return ""
}

func findIn(name, dir string) string {
	path, err := exec.LookPath(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return path
}

func notInstalled(what, pkg string) error {
	return fmt.Errorf("services: %s is %w: apt-get install %s (or your system's package of it)", what, ErrNotInstalled, pkg)
}
