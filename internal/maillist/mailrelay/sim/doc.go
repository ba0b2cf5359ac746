// Package sim is a server that speaks Mailrelay's REST API v1 as strictly as the real one may: a wrong header, body or
// query is refused. It holds people in memory, counts what is asked of it, records what must never be done to a person
// (Violation), and misbehaves on request (Fault). Tests, the demo and the benchmarks run against it.
//
// Where the real behaviour is not published it takes the worst case: a sync with status active brings back people who
// unsubscribed, and says so in its violations. It shares no code with the client side, so that one mistake cannot hide
// in both.
package sim
