// Package domainsync keeps the domains of one WHMCS install in step with one registrar account, and follows transfers in.
//
// The pure part comes first: a Policy compares a row of WHMCS with what the registrar says and with what is remembered
// of the record, and comes to a Decision (plan.go with status.go, due.go, settings.go and gone.go for domains, transfer.go
// for transfers). The worker around it reads a batch, looks live where a decision needs it, guards and applies
// (worker.go, evidence.go, errand.go, write.go). It knows the ports only: no vendor, no SQL, no queue.
//
// The registrar leads the expiry date and the status, WHMCS leads the settings. What makes a domain worse for its owner,
// or cannot be right, is never written at once: it is looked at again, live, waits for the end of the run, and goes
// through the guard. That a name is not listed proves nothing.
package domainsync
