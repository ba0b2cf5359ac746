// Package clientsync keeps the clients of one WHMCS install in step with the groups of one mailing list.
//
// The pure part comes first: people are made of clients that share an address (person.go), a policy says what each
// person should be on the list (wish.go), and Decide compares that with what is known (plan.go). The worker around it
// reads a batch, plans, guards and applies (worker.go, crowd.go, errand.go, write.go). It knows the ports only: no vendor, no SQL, no queue.
//
// Consent is the law of this package: nobody who left, bounced, complained, was banned or was deleted is ever written to,
// and whoever withdrew consent in WHMCS is taken out of our groups.
package clientsync
