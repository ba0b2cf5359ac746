package sim

import "github.com/whmcsync/whmcsync/internal/simkit"

// What can go wrong is the same for every simulator.
type (
	Fault    = simkit.Fault    // when to misbehave, and how
	Kind     = simkit.Kind     // a way to misbehave
	Duration = simkit.Duration // "250ms" in JSON
)

// The kinds of fault.
const (
	KindLatency     = simkit.KindLatency
	KindTooMany     = simkit.KindTooMany
	KindTooManyDate = simkit.KindTooManyDate
	KindTooManyBare = simkit.KindTooManyBare
	KindBroken      = simkit.KindBroken
	KindUnavailable = simkit.KindUnavailable
	KindStatus      = simkit.KindStatus
	KindCut         = simkit.KindCut
	KindCutAfter    = simkit.KindCutAfter
	KindHTML        = simkit.KindHTML
	KindSlow        = simkit.KindSlow
	KindBadJSON     = simkit.KindBadJSON
	KindTruncated   = simkit.KindTruncated
	KindRevoked     = simkit.KindRevoked
	KindPageCap     = simkit.KindPageCap
	KindNothing     = simkit.KindNothing
)
