// Package state holds the types of what whmcsync remembers: syncs, requests, runs, batches, leases, listings, changes,
// failures, reports, and for clients the roster (who has which address) and the subscribers (what was last settled for each
// address). Types and errors only; internal/state/postgres keeps them.
package state
