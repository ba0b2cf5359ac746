// Package mailrelay is the mailing list port for Mailrelay (REST API v1). What is odd about this API, where that is known
// from, and how sure it is. "Plugins" are the vendor's own WordPress and PrestaShop modules; "clients" are public client
// libraries; "assumed" means that nobody has published it.
//
//   - Writing goes through POST /subscribers/sync, an upsert by address: 201 created, 200 updated (plugins). It is the only
//     write of this package.
//   - What sync does to a person who unsubscribed, bounced, complained or is banned is not published. We assume the worst
//     (they come back) and never send such a person.
//   - restore_if_deleted is always false (as in the plugins). A deleted person then most likely gets 422 (assumed), told
//     apart by the text or by a look into GET /subscribers/deleted (two clients).
//   - replace_groups false adds groups, true makes them exactly those given (plugins and clients). There is no call that
//     takes one group away, so Detach sends the groups that stay, with the status the person has.
//   - status is active or inactive; unsubscribed, bounced, reported_spam, local_ban and global_ban are flags beside it
//     (three clients). An unknown status counts as inactive: we never read more consent into an answer than it holds.
//   - groups are in a list's answer only with include_groups=true (one client). Where they are missing although asked
//     for, GroupsKnown is false and Find reads the single subscriber, whose answer has them (three clients).
//   - per_page is 30 by default and may be capped below what is asked for; the header Per-Page tells the size that was
//     used (one client). A page shorter than that proves nothing, so only an empty page ends a listing. The header Total
//     is used for progress only: one client takes it for pages, the usual library counts records.
//   - Pages counted by number lose people when somebody on an earlier page is deleted meanwhile. So a listing asks for the
//     order of ids and for ids above the last one (q[s]=id asc, q[id_gt]; assumed, this search library offers it for
//     every column) and checks in each answer that it was obeyed. Where it was not, it goes on by page number; then a person
//     can be missed while others are being deleted, and a live look (Find) must come before anything is built upon
//     somebody not being listed.
//   - Filters unknown to the server may be ignored, so a look-up by q[email_eq] is compared with the address asked for.
//   - Addresses are percent-encoded: a bare + would arrive as a space (clients). International domains may be held as
//     punycode or as Unicode (assumed), so a look-up tries both.
//   - custom_fields is an object keyed by field id as a string on the way in (one client); answers are read as object or
//     as list (assumed).
//   - Rate limits are not published and no client reads such a header; Retry-After is honoured when it comes.
//   - api_batches runs many calls in the background (three clients). Its limits, its status words and the shape of an
//     operation's answer are not published, hence Batching is a type of its own and off by default.
package mailrelay
