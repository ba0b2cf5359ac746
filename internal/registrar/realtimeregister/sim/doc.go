// Package sim is a server that speaks the REST API v2 of Realtime Register, for tests and demonstrations. It is strict where
// the real one is: the key in its header, no unknown parameter, no export with a limit, only the fields that are asked for.
// Where nobody has published what the real server does, Options let it do either. Settings are accepted for later, as the real
// one does, and are there at once.
//
// Its controls, beside those of simkit, are POST /_sim/domains, /_sim/remove, /_sim/transfers, /_sim/processes and
// /_sim/extensions, each with a JSON list, and GET /_sim/state. An extension that nobody described has no offset and knows
// ID protection.
package sim
