package queue

import (
	"strings"

	"github.com/whmcsync/whmcsync/internal/fault"
)

// account is how errors of this package name the outside system.
const account = "redis"

// redisFault classifies an error of the client library: refused credentials are Auth, everything else is worth
// another try. The library's errors name addresses, never passwords.
func redisFault(op string, err error) error {
	if err == nil {
		return nil
	}
	class := fault.Transient
	for _, mark := range []string{"WRONGPASS", "NOAUTH", "NOPERM", "invalid password"} {
		if strings.Contains(err.Error(), mark) {
			class = fault.Auth
		}
	}
	return &fault.Error{Class: class, Account: account, Op: op, Err: err}
}

// refuse is an error of the caller: no retry will help.
func refuse(op, format string, args ...any) error {
	return fault.New(fault.Refused, account, op, format, args...)
}
