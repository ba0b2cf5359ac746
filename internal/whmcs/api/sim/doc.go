// Package sim is a server that speaks the external API of WHMCS as far as whmcsync uses it, as strictly as the real one
// may: wrong credentials, an address that is not on the list, an action that the role lacks, a parameter or a template that
// is missing are refused. It keeps the mails it was asked for, notes secrets that came in a URL and mails that were asked for
// twice (Violations), and misbehaves on request (simkit.Fault).
//
// It shares no code with the client side, so that one mistake cannot hide in both.
package sim
