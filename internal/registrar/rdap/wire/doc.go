// Package wire is RDAP as it goes over the wire: requests and the few members of an answer that we need, on httpx.
// What they mean is the business of the package above.
package wire
