// Package e2e holds the end-to-end tests: the real program as several processes, on real PostgreSQL, MariaDB and Redis,
// against the simulated list and registrars, through every crash and fault it must survive.
//
// What is right is worked out by oracles that share no code with the program: they read the rows of the WHMCS-like
// database themselves and have their own idea of addresses, consent, groups and fields, and of names, statuses and days.
// The package has no code of its own and nobody imports it.
package e2e
