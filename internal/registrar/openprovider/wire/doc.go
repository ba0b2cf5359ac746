// Package wire holds the requests and answers of Openprovider's REST API (v1beta), and what its error codes mean. It
// knows no token: whoever sends adds it.
package wire
