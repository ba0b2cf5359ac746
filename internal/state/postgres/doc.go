// Package postgres keeps the types of package state in PostgreSQL, which is the truth: the queue may be lost at any
// moment, this may not.
//
// Three rules run through all of it. Moments are the database's clock, never a process's. A worker's write names its
// lease (batch, generation, token) and fails with state.ErrLeaseLost when another generation has the batch. Whatever
// records changes, settlements, requests or run states is durable when the method returns; the bookkeeping of leases is
// written without waiting for the disk, because a lost end of a batch is done again and finds nothing to do.
//
// Errors are those of package state where callers act upon them, and *fault.Error otherwise: fault.Transient when it
// may work later, fault.Refused when PostgreSQL will never take the value. No error holds a password.
//
// The package knows nothing of the queue, of WHMCS, or of any outside system.
package postgres
