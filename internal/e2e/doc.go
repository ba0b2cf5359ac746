// Package e2e holds the end-to-end tests: the real program as several processes, on real PostgreSQL, MariaDB and Redis,
// against the simulated list, through every crash and fault it must survive.
//
// What is right is worked out by an oracle that shares no code with the program: it reads the rows of the WHMCS-like
// database itself and has its own idea of addresses, consent, groups and fields. The package has no code of its own and
// nobody imports it.
package e2e
