// Package wire is the REST API v2 of Realtime Register as it goes over the wire: requests and structs on httpx, nothing
// else. What they mean is the business of the package above.
package wire
