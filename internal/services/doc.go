// Package services runs private PostgreSQL, MariaDB and Redis servers as child processes.
//
// It is what `postgres: {url: embedded}` stands on, and what the demo and the tests use so that nobody sets up a
// server by hand. Every server listens on a free loopback port, has a random password, keeps all its files in one
// directory and does not outlive the program that started it (on Linux even when that program is killed).
// PostgreSQL never runs as root, because it refuses to. The package knows nothing of what is stored in the servers.
package services
