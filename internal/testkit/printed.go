package testkit

import (
	"bytes"
	"sync"
)

// Printed keeps what is written to it: a log, or what a process prints. It may be read while it is written; the zero
// value is empty.
type Printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps p.
func (k *Printed) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.text.Write(p)
}

// String is all that was written so far.
func (k *Printed) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.text.String()
}
