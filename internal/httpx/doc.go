// Package httpx is the one way out: every HTTP call to an outside system goes through a Client.
//
// A vendor describes a request; the client waits for the account's limiter, sends, turns the status into a fault.Class,
// decodes JSON, removes every secret from whatever went wrong and tells the observer. It never retries: the queue does
// that, where attempts are counted and seen. (net/http itself may send a GET once more that met a connection which the
// server was just closing.)
//
// The package knows no vendor, no queue and no Redis; ratelimit/ holds the limiter that all workers share.
package httpx
