// Package report writes what a run did in a form that people read in a mail: what failed first, then what was changed, then
// what waits for a person. It is pure: values in, text out. It must not know how a mail is sent, nor where its values are kept.
package report
