// Package simkit is what every vendor's simulator is made of. A simulator brings an API (which calls there are, how a
// failure is said, what data it holds); the kit brings the server: it listens, counts calls, keeps a rate, misbehaves
// on request (Fault), notes what must never be done (Violation), and gives controls over all that under /_sim.
//
// It knows no vendor and no client side. Only simulators, and what runs them, may import it.
package simkit
