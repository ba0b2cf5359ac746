// Package state holds the types of what whmcsync remembers: syncs, requests, runs, batches, leases, listings, changes,
// failures, reports, the roster (which record has which key: a client's address, a domain's name) and the memories (what was
// last settled for each key). Types and errors only; internal/state/postgres keeps them.
package state
