// Package mysql is the WHMCS database as whmcsync uses it: reads by primary key range, named columns only, and the few
// guarded writes.
//
// What is odd about that database, and what this package does about it:
//
//   - Columns differ by version and by what the database user was granted. Probe looks first; nothing here says
//     SELECT *, and a right that is missing is named together with the GRANT that gives it.
//   - Text holds HTML entities. It leaves this package decoded.
//   - Zero dates mean "not set". They read as empty text and are never written.
//   - DATE and DATETIME hold the wall clock of WHMCS's own time zone, TIMESTAMP an instant. Sessions run in UTC, so
//     an instant never passes through a summer time change.
//   - The server may be lax about values. Sessions are strict, whatever the server's default is.
//   - Old tables may be MyISAM, where a transaction protects nothing. Every UPDATE names the id and the old values.
//
// It must not know what the data is for: no mailing list, no registrar, no policy, no state of ours.
package mysql
