// Package wire is the OpenSRS domain API (OPS envelopes, protocol XCP) as it goes over the wire: the codec, the signature,
// the calls and their structs, on httpx, and nothing else. Only what is asked for is read out of an answer: contacts and
// auth codes have no field here. What the words mean is the business of the package above.
package wire
