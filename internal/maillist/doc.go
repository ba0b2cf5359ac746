// Package maillist is the port to an outside mailing list: what whmcsync needs of one, in its own words.
//
// A vendor (mailrelay/, ...) turns these calls into requests; the conformance kit in maillisttest holds every vendor
// to the sentences below. The package knows no HTTP, no queue and no database.
package maillist
