// Package opensrs is the registrar port for OpenSRS (domain API, XML envelopes, protocol XCP). What is odd about this API,
// where that is known from, and what carries each fact that is not sure. "Documented" means the public guide; "clients" are
// public modules; "recorded" are answers of the live system that clients keep for their tests; "assumed" is what nobody
// has published.
//
//   - Every message is signed: X-Signature is md5(md5(message + key) + key) in lower-case hex, beside X-Username
//     (documented). Calls are taken from addresses on a list only; changes to it take up to 15 minutes (documented). HTTP 401
//     is a wrong key, signature or address (documented); so is code 410, and code 400 with "access denied" in its text.
//     Those stop the account. Code 415 does not, though it is called an authentication error: it is the registrant's, and is
//     answered for names that are not this reseller's (recorded for registrants' sign-ins, assumed for look-ups), so it
//     counts as "not found", which proves nothing.
//   - Failures come with HTTP 200 and is_success 0 (recorded). A failure whose code we do not know is Protocol: tried again,
//     and seen by a person.
//   - Limits are told as codes: 300 too many calls, 310 too many connections, 350 more than 100 commands on one connection
//     (documented). So no connection is used for more than 90. How long to wait is never told.
//   - get_domains_by_expiredate lists the whole account: name, expiredate, auto-renew and let-expire. It has no word for a
//     status, and neither has a look-up: a name that is shown is active or in the grace period behind its day (documented),
//     and is told as active with its day; the caller knows what day it is. So no status can be unknown.
//   - The list takes large limits: one module asks for 10,000, up to nineteen years ahead (clients), and so do we. It may be
//     slow: one client waits 300 seconds; the default here is two minutes a call. Should the server make pages shorter, they
//     are read one after the other and say Gaps, since pages by number lose rows while names come and go.
//   - Whether pages count from 0 or from 1 is not sure: the guide says both, clients use both, recorded answers to requests
//     without a page say page 1. A listing begins at page 1, and reads page 0 last when about a page is missing from the
//     total. A list about one name is asked for without a page.
//   - get with type all_info tells expiredate (the registrar's) and registry_expiredate (documented, recorded), but not
//     privacy, so a look-up is two calls (type whois_privacy_state is the second: enabled, disabled, enabling, disabling,
//     and changeable; documented). Type status adds locks only, which nobody asks for. sponsoring_rsp 0 is another
//     reseller's name, and "not found" here. Names in redemption are not shown any more (documented).
//   - Dates are YYYY-MM-DD HH:MM:SS in the lists of domains and 03-MAY-2011 12:06:12 in those of transfers and deletions
//     (recorded), both without a zone. The date part is taken as it is printed. Before 1990 no date is believed.
//   - Auto-renew is set by modify with data expire_action, auto_renew and let_expire (clients). Off is sent with let_expire
//     0, as one client does: the name is not renewed, and the usual reminders go on; others send 1, which silences
//     them. The domain stands among the attributes (clients; others put it above them).
//   - Privacy is set by modify with data whois_privacy_state and state enable or disable (clients, one of them tested against
//     the live system; others send enabled or Y). It may cost money. affect_domains is always 0: anything else would
//     change other names of the same registrant. A refusal of the one name inside an answer that went well is heeded
//     (clients). Code 250, accepted for later, is returned as a note (documented).
//   - check_transfer with check_status 1 tells the newest transfer in. Of one that is pending at the registry the question
//     itself starts the completion within five minutes (documented): harmless, but not to be asked tightly.
//     What has completed, been cancelled or was never heard of (undef, or not found) is held against belongs_to_rsp: a name that the
//     account holds has arrived, and a completed one that it does not hold has left again, of which nothing is concluded.
//   - get_transfers_in lists at most 40 a page (documented), so only those of the last 180 days are asked for. It tells no
//     reasons. Of several transfers of one name on a page the one with the highest number counts; an older one may stand on
//     another page.
//   - get_transfers_away (completed) and get_deleted_domains are the evidence for names that have left (documented). A name
//     that belongs_to_rsp still claims has not left. Filters by name are not trusted: every row is compared. Years above
//     2030 are refused in these lists (documented), so none is ever sent.
//   - Reasons of deletions are By-Request (recorded), expired, transferred (with one r), auction, historical and delete-domain-api
//     (clients, of the event of the same name). historical, and what is not known, is no evidence. Names bought at an
//     auction are somebody else's: transferred away.
//   - The list of deletions also holds names in redemption and does not tell until when. So for 35 days a deleted name counts
//     as lapsed, without a date until which it can be restored, and only then as gone for good (assumed; the safe side).
//   - Answers are in UTF-8; other encodings are read as they declare themselves.
package opensrs
