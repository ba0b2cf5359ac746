// Package memory is a mailing list in memory: a maillist.Destination for tests of everything above the port. It passes
// the same conformance kit as the real vendors, and has a few more methods to play the other side.
package memory
