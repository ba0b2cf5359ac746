// Package bench measures whmcsync on the machine it runs on: the real program, as separate processes, on private servers
// of its own and against the simulators. What depends on the machine is compared with yardsticks that are
// measured in the same run; nothing here is a test.
package bench
