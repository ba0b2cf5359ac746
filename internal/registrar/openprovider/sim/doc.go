// Package sim is an Openprovider account that runs in this process: the REST API as far as whmcsync speaks it, strict where
// the real one is (logins, pages, identical calls), and moody on request. Under /_sim it can be seeded and looked at.
package sim
