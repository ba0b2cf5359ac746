// Package workers is what happens to a task: the one batch skeleton here, and one folder per duty beside it.
//
// The skeleton begins a batch with a lease, keeps the lease, lets the duty read, plan, guard and apply, and finishes or
// hands back. It knows no queue, no database driver and no vendor.
package workers
