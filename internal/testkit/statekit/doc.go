// Package statekit lends tests a migrated state database: each gets a clone of a template that is migrated once per test
// program. It is apart from testkit so that the store itself can be tested with testkit.
package statekit
