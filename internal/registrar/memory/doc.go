// Package memory is a registrar in memory: every power of the port, for tests of everything above it. It passes the same
// conformance kit as the real vendors, has a few methods to play the registrar's own side, and answers as a test tells
// it to (Fail) and says afterwards what it was asked (Calls, Writes).
package memory
