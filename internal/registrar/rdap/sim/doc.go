// Package sim is a server that plays several registries' RDAP servers, and IANA's bootstrap file that lists them, as
// strictly as the real ones may: a name that is not in lower case and punycode, or a client that does not ask for
// application/rdap+json, is refused. It holds names in memory, counts what is asked of it and misbehaves on request
// (simkit.Fault). A name that leaves the registry is simply not there any more.
//
// It shares no code with the client side, so that one mistake cannot hide in both.
package sim
