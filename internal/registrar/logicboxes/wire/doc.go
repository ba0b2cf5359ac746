// Package wire is the HTTP API of LogicBoxes (ResellerClub and its sister brands) as it goes over the wire: requests and
// structs on httpx, nothing else. Lists come as one object whose numbered members are the rows; values are strings, but
// numbers, flags and nothing at all are taken too. What they mean is the business of the package above.
package wire
