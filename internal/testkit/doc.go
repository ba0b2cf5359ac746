// Package testkit gives tests the real PostgreSQL, MariaDB, Redis, browser and PHP, SMTP servers (a process of another make,
// and one inside the test that fails on request), and a way to wait.
//
// `make test` starts one private server of each and names them in the environment; a test asks for a fresh database
// and gets it removed at its end. A service that is not there skips the test on a developer's machine and fails it
// when CI=true. Imported by tests only; it must not know what the tests are about.
package testkit
