// Package fault is the one error vocabulary that crosses package borders.
//
// A vendor, a store or a database turns whatever went wrong into one Class; the queue turns the Class into an
// outcome (retry, later, give up). Nothing else decides what happens to an error. The package knows no vendor, no
// transport and no queue, and imports the standard library only.
package fault
