// Package wire is Namecheap's XML API as it goes over the wire: requests and structs on httpx, nothing else. An answer's
// own verdict (Status and the error numbers) becomes a fault class here; what its words mean is the business of the
// package above.
package wire
