// Package namecheap is the registrar port for Namecheap (XML API, one path, the command in a parameter). What is odd about
// this API, where that is known from, and how sure it is. "Documented" is the vendor's own documentation, "seen" is
// reported or read in public clients, "assumed" means that nobody has published it.
//
//   - Every call carries ApiUser, ApiKey, UserName, ClientIp and Command (documented). The examples put them into the URL;
//     the vendor's own Go client posts them as a form (seen), and so do we: a URL ends up in logs and in error texts.
//   - ClientIp is an IPv4 address from the account's list (documented); a foreign one is an authentication failure.
//   - 20 calls a minute, 700 an hour and 8000 a day, over all calls of a key (documented). An account's usual rate is
//     below the hour's; the day's is reached by who is busy for half of it. Beyond that, error 500000 or HTTP 405 (seen);
//     neither tells for how long.
//   - Errors come with HTTP 200 and Status="ERROR"; the first number decides. A number that is in no table is a refusal, or
//     passing trouble when it begins with 3 (registry) or 5 (Namecheap itself) (assumed).
//   - Lists hold 10 to 100 rows a page, 20 unless asked (documented), and count TotalItems. Pages go by number, so a name
//     may slip to an earlier page when one before it is removed meanwhile: every page but the first says Gaps. A listing has
//     ended when as many rows were read as there are; an empty page before that is an error, not an end.
//   - Dates are MM/DD/YYYY without a clock (documented). GMTTimeDifference speaks of the server's clock, so nothing is
//     shifted (assumed).
//   - A list tells IsExpired, AutoRenew and WhoisGuard, a look-up tells Status (Ok, Locked, Expired) and Whoisguard, and
//     not whether the name renews by itself (documented): AutoRenew is NotTold then. WhoisGuard words beyond ENABLED,
//     DISABLED, NOTPRESENT and NOTALLOTED are not published and count as NotTold.
//   - Expired is Overdue, since the API does not tell renewable from redeemable (documented states only): it says that
//     the name is still there, no more.
//   - Locked is Active: the lock may be the customer's own (assumed). A domain with IsOwner false belongs to somebody else
//     who shares it; its Status is Unknown, so that nothing is concluded.
//   - 2019166 (no such domain) and 2016166 (not in this account) are both fault.NotFound. The API keeps no record of names
//     that left, so there is no Historian.
//   - A search term matches parts of names (assumed); answers are compared with the name asked for. A domain name in
//     Unicode may be held as such or in punycode (assumed): both are asked for.
//   - The list of transfers in progress is read, and all that there were of one name (documented kinds of list). One that is
//     completed has arrived only while the account holds the name: else it is TransferUnknown.
//   - Transfers have a number and a word; where they contradict each other the transfer counts as pending, and a word and
//     number that nobody knows as TransferUnknown. Numbers are those of the Enom family (documented in part).
//   - Nothing is documented that switches auto-renewal, so there is no AutoRenewer. ID protection is switched by its
//     subscription's id, and on only with the address that letters are forwarded to (documented). That address is taken
//     from the look-up (seen); where it tells none, SetPrivacy refuses to switch on. A name without a subscription is
//     refused too: allotting one may cost money.
package namecheap
