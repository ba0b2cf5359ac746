// Package sim is a server that speaks the HTTP API of LogicBoxes (ResellerClub and its sister brands), for tests and
// demonstrations. It is strict where the real one is: both credentials in the query, 10 to 500 records a page, no unknown
// parameter, HTTP 500 with a JSON error for a name that is not held. Where nobody has published what the real server does,
// Options let it do either.
//
// Its controls, beside those of simkit, are POST /_sim/orders and POST /_sim/actions, each with a JSON list, and GET
// /_sim/state.
package sim
