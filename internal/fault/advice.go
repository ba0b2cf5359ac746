package fault

import (
	"errors"
	"strings"
)

// Advised is a cause with the way out, for a person. A text that has to part the two does so with Advice.
type Advised struct {
	Err error
	Way string // what to do, in words; never holds a secret
}

// Error reads like `PostgreSQL refused user "me"; set another in postgres.url`.
func (a *Advised) Error() string { return a.Err.Error() + "; " + a.Way }

func (a *Advised) Unwrap() error { return a.Err }

// Advise adds the way out to an error. Advise(nil, …) is nil.
func Advise(err error, way string) error {
	if err == nil {
		return nil
	}
	return &Advised{Err: err, Way: way}
}

// Advice parts the text of an error into what is wrong and the way out, which is "" where nobody has told one.
func Advice(err error) (text, way string) {
	text = err.Error()
	if a, ok := errors.AsType[*Advised](err); ok {
		return strings.Replace(text, "; "+a.Way, "", 1), a.Way
	}
	return text, ""
}
