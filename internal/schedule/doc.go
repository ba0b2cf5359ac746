// Package schedule decides what runs when: it leads (one process at a time, by a lease row), creates the runs that are
// due, cuts them into batches, hands the batches to the queue a window at a time, judges destructive changes at the end
// of a run, and recovers what a crash or a lost Redis left behind. It executes nothing itself, and knows no vendor.
package schedule
