// Package demo shows the whole product on one machine: a private WHMCS-like database with varied clients and domains, the
// simulators of Mailrelay and Openprovider, a mail server that delivers to nobody, the embedded servers, and two workers of which
// one is killed on the way. It writes into one folder only.
package demo
