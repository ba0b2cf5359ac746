// Package holding makes the domains of a WHMCS-like database together with what an account at Openprovider holds of them, so
// that the demo and the benchmark begin with two sides that agree. What then differs is up to them.
package holding
