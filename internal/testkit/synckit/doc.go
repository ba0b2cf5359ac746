// Package synckit runs one sync against the real state, for the tests of duties: it does by hand, and in the test's own
// goroutine, what scheduler and queue do. It must not know of any duty.
package synckit
