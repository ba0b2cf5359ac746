// Package openprovider is the registrar port for Openprovider (REST API v1beta). What is odd about this API, where that
// is known from, and how sure it is. [C] is read in published source code or the OpenAPI file, [D] is the official
// documentation, [O] was observed by users, [?] is unsure; then what carries it is said, too.
//
//   - Business errors come as HTTP 500 with {"code", "desc"} [O]. The codes decide (wire/fault.go), the status only where
//     there is no known code. "Nothing changed" (1, 18) is a success of a write. A code that the table lacks is Transient.
//   - HTTP 404 without a code means a wrong base_url, never an absent name [?]: it is Protocol.
//   - A success may carry warnings that mean partial failure [D]: SetAutoRenew and SetPrivacy return them as notes.
//     maintenance=true makes any answer worthless [C]: RateLimited, for 5 minutes.
//   - A token lasts 2 days [D]; a refused one is code 196 [C] or HTTP 401 [O]. It is renewed once, by one login for all
//     callers (TokenStore). 30 logins a minute and 100 refused ones an hour are punished [D]: at most 5 a minute are made
//     by all processes together, and a refusal stands for 5 minutes in the process that met it.
//   - The same call more than 300 times within 300 s blocks the address until a person unblocks it [D]: all processes
//     together make at most 100 (Config.Identical, counted by CallCounter). Retries of a page count, pages of different
//     offsets do not.
//   - The IP address 0.0.0.0 in a login makes a token for every host [C]; without, it may be tied to one [?].
//   - A User-Agent of one's own once led to code 10005 [O], so none is set.
//   - Listing: at most 1000 rows [D], order_by.id=asc [C], offsets only. Rows that are removed meanwhile shift those behind
//     them, so pages overlap by 20 rows; a page that does not join the one before is read again from half a page
//     earlier. The total is read with each page. Where rows come unsorted, or fewer than the total in the end, the page
//     says Gaps. A page cut shorter than asked for is followed; what limit above 1000 does [?] is never tried.
//   - results may be null when there are none [C]. Whether a list leaves deleted names out [?] does not matter: a row's own
//     status counts.
//   - full_name is a filter that is not trusted: the name is put together from domain.name and domain.extension and
//     compared. Names are never cut for a look-up. Whether names are held in punycode or Unicode [?]: both are asked for.
//   - A name may have several rows (an order that failed, one that went well): a live one counts most, then one under
//     way, then one that was deleted, then one that failed; of equals the newest. Of a transfer one that failed counts as much
//     as one that was deleted.
//   - autorenew is on, off or default [C]. What default means is read from /resellers/settings [C] and kept for 10 minutes;
//     where that cannot be read, default is NotTold and "on" is written.
//   - POST /domains/{id}/renew buys a renewal and answers with a status only [C]: the dates are read afterwards. Too early is
//     code 324 or 19307, renewed already 325, no balance 310 or 920: all Rejected. A renewal is sent once; an answer that is
//     lost, unknown or given during maintenance leaves open whether it was bought.
//   - is_private_whois_allowed may be absent [?]: only a clear false keeps ID protection from being switched on.
//   - DEL is Lapsed; the ends of the soft and the hard quarantine are told with it [D], else restorable_until or
//     quarantine_expiration_date [?] is the last day of restoration. REQ and PEN are a transfer or a
//     registration by the order's type [C]; with type TRADE [?] they are Unknown. REJ is taken for FAI [C]; NSR [?] is
//     Unknown. Why an order failed is not told.
//   - renewal_date is what is paid for and what leads [C]; expiration_date and registry_expiration_date are told beside it.
//     Times have no zone [D]: the date is taken as printed. "None" is 0000-00-00 00:00:00 or absent [D].
//   - queue_status=transferOut finds names that were transferred away [D for XML, ? for REST]. It is believed only of a
//     deleted row that the queue "renew" does not show at the same time: a server that overlooks the filter shows it in
//     both.
//   - Names that were transferred away may stay in the live list as DEL, and their dates of quarantine be told [?]: so a look asks
//     that queue about every name that is deleted there.
//   - A deleted row is evidence only while the live list has no living row of that name: else it is of an earlier life.
//   - status takes one value; the documented spelling of it is lower case [D]. Rows in another status than asked for are
//     Protocol, so that an overlooked filter is seen.
//   - There are no webhooks and no filter by time of change [D].
//   - List rows hold auth codes [C]: no field here can hold them.
//   - The sandbox is plain http on port 8480 [C]; it takes a TLS tunnel to use it as base_url.
package openprovider
