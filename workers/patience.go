package workers

import (
	"fmt"

	"github.com/whmcsync/whmcsync/internal/fault"
)

// patience is how many calls in a row may fail before an account counts as down for a batch.
const patience = 5

// Patience counts calls in a row that failed for no fault of the record. The zero value is ready.
type Patience struct {
	misses int
	missed error // the newest of them
}

// Answered takes note of how a call ended.
func (p *Patience) Answered(err error) {
	switch fault.ClassOf(err) {
	case fault.Transient, fault.Protocol:
		p.misses++
		p.missed = err
	default:
		p.misses = 0
	}
}

// Out says that the account has failed too often in a row to be asked again by this batch.
func (p *Patience) Out() bool { return p.misses >= patience }

// Trouble says so, with the newest trouble.
func (p *Patience) Trouble() error {
	return fmt.Errorf("the account did not answer several times in a row, at last: %w", p.missed)
}
