// Package queue carries tasks through Redis. It is the only importer of asynq: connecting (or embedding) Redis,
// enqueueing, serving, what becomes of an error, looking at depths, and the queue pages.
//
// A task is a hint that there is work: Postgres owns state, attempts and history, so losing Redis loses nothing, and two
// copies of one task may run at once. The package knows no vendor, no store and no duty.
package queue
