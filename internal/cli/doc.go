// Package cli is the command line: one file per command. It reads the configuration, opens the application, and prints;
// what happens is elsewhere. Answers go to standard output (`--json` for programs), everything else to standard error.
//
// Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 held or with failures.
package cli
