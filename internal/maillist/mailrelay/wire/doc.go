// Package wire is Mailrelay's REST API v1 as it goes over the wire: requests and structs on httpx, nothing else. Answers
// are decoded with patience, since little of them is published: numbers may be strings, custom fields may be an object
// or a list, anything may be null or absent. What they mean is the business of the package above.
package wire
