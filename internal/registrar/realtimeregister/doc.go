// Package realtimeregister is the registrar port for Realtime Register (REST API v2). What is odd about it, where that is
// known from, and how sure it is. "Documented" is the vendor's API documentation or the reference that it publishes
// beside it, "module" is the vendor's own module for WHMCS, "standard" is EPP (RFC 5731, RFC 3915), "assumed" means that
// nobody has published it.
//
//   - The key travels in the header Authorization, as "ApiKey ..." (documented). There are keys of a customer and keys of a
//     gateway, for different calls (documented); a customer's is meant here.
//   - What the account does not hold is ObjectDoesNotExist, with HTTP 400 (seen live) or 404 (documented): the type
//     decides. A 404 that says nothing of the kind is a wrong base_url. AuthorizationError (403) to a question about one
//     name is a name in somebody else's account (module): fault.NotFound, which proves nothing. To all other questions it
//     is the key that may not ask: fault.Auth. To a write it is fault.Rejected.
//   - export=true lists everything in one answer, and then only the fields that are asked for (documented); so one call is a
//     listing, and no auth code is sent. What an export does with a very large account is assumed to be the same. An
//     export that holds fewer rows than it counts is fault.Protocol, and Config.PageSize makes pages of it instead.
//   - Pages go by limit and offset, sorted by name, 10 rows unless asked (documented): names that leave pull
//     others to an earlier page, so every page but the first says Gaps. Fields without a value are left out of rows
//     (documented). The largest limit is not published: pages that are shorter than asked for are followed.
//   - expiryDate is an instant in UTC (documented). tlds/{tld}/info tells an expiryDateOffset in seconds, which the module takes
//     off that instant for the date that customers see: a name has to be renewed before. So Dates.Renewal is with it,
//     Dates.Expiration without. Both are cut to the day in UTC. The offset is kept for a day, and asked for once for all
//     extensions that the answer says it is for (applicableFor, documented). An extension without an offset has none. One
//     that cannot be found, or an offset that cannot be, leaves Dates.Renewal without a day: nothing is written
//     then, unless the sync takes expiry_date: expiration.
//   - The registrar renews names by itself before that date. Whether expiryDate runs ahead during AUTO_RENEW_PERIOD
//     while nothing is paid is assumed not to be: the module takes it as it is.
//   - status is a list of words as in EPP (documented). The first of our table that is among them decides, and is Raw. Words
//     that only forbid something (..._PROHIBITED) or name a period (ADD_PERIOD, ...) leave a name active; holds leave it ours.
//     EXPIRED is Overdue: still there, no more is said. PENDING_TRANSFER may be on its way in or out (standard),
//     PENDING_VALIDATION and INACTIVE are not active for the module, DELETE_REQUESTED is explained nowhere: these are
//     Unknown, as is any list with a word that we do not know. A sync's status_map can give each a meaning.
//   - The latest transfer of a name has a word, a direction and a log, newest entry last (assumed: the date of an entry
//     counts). One out of the account says nothing of one in, so it is TransferUnknown. What is completed or has failed is
//     held against the account, since a name may have come in by another way, or have left again.
//   - There is a list of processes, which also holds transfers, but not how the state of a process relates to that of its
//     transfer: no TransferLister.
//   - Names that left are found among completed processes: outgoingTransfer, and outgoingInternalTransfer for a push to
//     another customer (module). It counts only while the account does not hold the name and nothing was done with the
//     domain since, as far as the answer goes: an old departure of a name that came back is none. What a deletion is called is
//     not published, so there is no evidence of one.
//   - Settings are changed by update, which leaves alone what is not sent (documented). It answers 202 and is carried out
//     later (documented): that is noted. What costs money is refused with BillableAcknowledgmentNeededException unless the
//     call agrees to it (documented): ours never does. ID protection is known to an extension whose featuresAvailable hold
//     PRIVACY_PROTECT (documented).
//   - Names are in punycode and lower case (documented).
//   - No rate is published; 429 exists (documented), and whether it tells for how long is assumed not to be sure.
package realtimeregister
