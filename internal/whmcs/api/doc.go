// Package api asks WHMCS itself to do what rows in its database cannot: send a mail to a client. It speaks the external
// API (https://developers.whmcs.com/api/): one address, forms, an answer of which the field result counts and not the HTTP
// status alone. It knows neither the database nor what the mails are about.
//
// The credentials travel in the body of each call, never in its address. A faulty credential is fault.Auth of the source.
package api
