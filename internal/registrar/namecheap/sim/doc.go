// Package sim is a server that speaks Namecheap's XML API as strictly as the real one may: a wrong key, address, command,
// parameter or page size is refused, with HTTP 200 and an error number. It holds domains and transfers in memory, counts
// what is asked of it, notes a key that came in a URL (Violations), keeps the key's limits on request and misbehaves on
// request (simkit.Fault). Where the real behaviour is not published it takes the worst case: a search finds parts of
// names, and a name is found only as it is spelled in the account. Names that leave do so without a trace.
//
// It shares no code with the client side, so that one mistake cannot hide in both.
package sim
