// Package arch holds the tests that keep the house in order: who may import whom, a doc.go in every package, files
// of a readable length, no word that has no business in a public repository.
//
// It has no code of its own and nobody imports it.
package arch
