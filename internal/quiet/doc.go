// Package quiet keeps the libraries that print by themselves from doing so: whatever reaches standard error goes through
// the logger, or is the answer of a command. It knows the libraries' names and nothing else.
package quiet
