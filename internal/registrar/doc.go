// Package registrar is the port to a domain registrar: what whmcsync needs of one, in its own words.
//
// A vendor (openprovider/, ...) turns these calls into requests; the conformance kit in registrartest holds every vendor
// to the sentences below. The package knows no HTTP, no queue, no database and no clock: a vendor says what it was told,
// the planner draws the conclusions.
package registrar
