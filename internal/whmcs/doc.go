// Package whmcs is the billing side as whmcsync sees it: clients, their consent and what they own. Types and pure
// functions only; the database that fills them is in whmcs/mysql.
package whmcs
