// Package demo shows the whole product on one machine: a private WHMCS-like database with varied clients, the simulator
// of Mailrelay, the embedded servers, and two workers of which one is killed on the way. It writes into one folder only.
package demo
