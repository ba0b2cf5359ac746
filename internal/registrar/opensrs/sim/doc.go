// Package sim is a simulated reseller account at OpenSRS, on simkit. It speaks the wire strictly: it refuses wrong
// signatures, unknown commands, missing and odd attributes, and more than 100 commands on one connection. What the live
// system may do in one way or the other is an Option: pages that count from 0, answers in ISO-8859-1, filters that take a
// name for a pattern. Above its rate it answers code 300 like the live system, but with HTTP 429.
package sim
