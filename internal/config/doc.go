// Package config turns whmcsync.yaml into a validated Config: ${VAR} and ${file:...} filled in, defaults set, and every
// mistake of the file reported at once with its line, its column and the way out.
//
// The settings are listed once, in the schema files (one function per section). The reader, the "did you mean" hints and
// the test that holds the sample file and the manual complete all walk that list. The package opens no connection and
// knows no vendor; whether a host answers or a key is right is found out by `whmcsync check`.
package config
