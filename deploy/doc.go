// Package deploy holds what is installed beside the program: the container image, the unit file, the alert rules and the
// hook file for WHMCS. It has no code of its own, only the tests that hold these files against the program.
package deploy
