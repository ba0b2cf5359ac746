// Package app puts the program together: it is the only place where vendors, stores, queue, schedule and workers meet.
// It opens what a role needs, builds the duties from the configuration, and starts and stops the roles.
package app
