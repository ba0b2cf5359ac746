// Package docs is the documentation, for people. It has no code of its own, only the tests that hold it against the
// program: links, command lines, examples of configuration.
package docs
