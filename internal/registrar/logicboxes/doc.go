// Package logicboxes is the registrar port for the HTTP API of LogicBoxes, one API under many brands: ResellerClub,
// Resell.biz, NetEarthOne, ResellerID, BigRock and others. What is odd about it, where that is known from, and how sure it
// is. "Documented" means the vendor's knowledge base (articles 770, 771, 778, 908, 909, 1755), "clients" public client
// libraries, "observed" what users report, "assumed" that nobody has published it.
//
//   - Both credentials travel in the query of every call, writes included (documented). So the query is in no error, and
//     both are masked in what the server says. The calling IP address has to be allowed; else there is HTTP 403 with a web
//     page (documented), which is fault.Auth and says so.
//   - The HTTP status is not the verdict: errors come as JSON with "status" ERROR, error or Failed, with HTTP 500 or 200
//     (observed). A name that is not held is "Website doesn't exist for ..." with HTTP 500 (observed); an HTTP 404 is a wrong
//     base_url. The sentences by which a refused key is known are assumed beyond HTTP 401 and 403; an error with
//     HTTP 5xx that we do not know is fault.Transient and is tried again.
//   - No rate is published. Too many calls at once are dropped, and an address that sends too much is blocked for up to a
//     day (documented), hence two calls at once by default.
//   - A listing has 10 to 500 orders a page (documented), as numbered members of one object, beside recsindb. Pages are
//     counted by number, so orders move between them. We ask for the youngest first: new ones then push orders towards us,
//     and only a vanished one can pull an order past us, which shows in recsindb. Page.Gaps says when that
//     was so, when the server did not sort, and when fewer orders were met than recsindb tells. That order numbers grow
//     is assumed; an order that comes back in the middle while another one vanishes would hide that.
//   - Whether a listing without a status holds deleted orders is assumed to depend. We ask for no status, so that none
//     we have not heard of is left out, and drop what is Deleted or Archived: a name may have a newer order.
//   - Deleted means up to 30 days ago, Archived longer (documented). A name that was transferred away ends in Deleted as
//     well (assumed), so the word is no evidence of either. Get takes both for absent; Departed asks the archived actions
//     of the order, whose words for a deletion and a transfer away are assumed: any other word is no evidence, and none counts while the name
//     has a living order.
//   - InActive is an order that is not carried out yet, a registration or a transfer in. A look-up tells the running
//     action (clients: AddTransferDomain, AddNewDomain), a listing does not, so there the status is Unknown without a word.
//     Pending Verification and Failed Verification (documented, not what they mean for the name) are Unknown.
//   - A transfer that the owner does not approve within 5 days is deleted (documented). Transfers are followed through
//     the actions of the order: one that runs is pending, whatever it is called; an archived one that failed has failed.
//     A word for its end that we do not know is TransferUnknown. A list holds those that run. Whether lists of actions are
//     cut shorter than asked for is not known: they are read until their recsindb, or a page without rows.
//   - endtime is the expiry as an instant in epoch seconds (documented) and is cut to its day in UTC. It is told as
//     Dates.Expiration; a paid-until beside it is not told.
//   - A look-up also tells the domain's auth code and the contacts' addresses. They are not decoded.
//   - International names are held as punycode or as Unicode (assumed), so a look-up tries both.
//   - Privacy protection is switched by modify-privacy-protection (documented). Where it was never ordered the
//     API has a second call that buys it; we never send that one. Switching what is so already may be refused (assumed):
//     after a refusal a look-up decides. In a listing "na" means that the extension does not know it.
//   - Auto-renewal is told (recurring) and cannot be set by itself: the documented parameter is one of registering, renewing
//     and transferring. So there is no AutoRenewer.
//   - The same name may have several orders, one after the other. A transfer that failed under a deleted order is
//     looked up again before it is told, since the name may have got another order.
package logicboxes
