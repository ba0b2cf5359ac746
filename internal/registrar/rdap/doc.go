// Package rdap asks the registries themselves, over RDAP (RFC 9082 for questions, 9083 for answers, 9224 for finding the
// server). There is no account: it is a registrar.Witness first, and a registrar.Registrar that can look up but not
// list. "Standard" is one of these documents, "seen" is read in public clients or reported, "assumed" is neither.
//
//   - A registry knows that a name is registered, at which registrar, in which state and until when at the registry. It
//     knows no account: that Get finds a name does not say that it is ours. It cannot tell what was paid for, so only
//     Dates.Registry is ever told: registries add a year on the day of expiry, before anybody has paid (standard; seen
//     45 days apart from the registrar's date).
//   - Which server answers for an extension is in IANA's bootstrap file, the longest matching entry first (standard).
//     Many country extensions have none: then there is nobody to ask, which is fault.NotFound. See Config.Bootstrap.
//   - 404 means that the name is not registered, but a server that does not hold the extension says the same (standard).
//     It is believed only of a server that the bootstrap file lists, and not when it comes with a web page. A server named
//     by Config.BaseURL is not listed anywhere.
//   - Redirects are not followed: they may lead to a registrar's server, and one that is no registry proves nothing.
//     They are fault.Protocol, and a sign of an old bootstrap file.
//   - 429 is fault.RateLimited; Retry-After may be missing (standard). Each registry has limits of its own, and they are
//     not published; the account's limiter holds over all of them, so one that is asked for patience slows the others.
//   - 401 and 403 are fault.Rejected, unlike elsewhere: there are no credentials that could be wrong, and one registry
//     that blocks us must not pause the others.
//   - Status words are those of RFC 8056, compared without case and separators, as some servers write them the way EPP
//     does (seen). See status for what they become. "pending transfer" is Unknown: it may be on its way in or out.
//   - An answer must name the domain that was asked for; one about another is fault.Protocol.
//   - Dates are instants in RFC 3339 (standard), cut to the day in UTC. A clock without a zone is cut off, not converted
//     (assumed). "registrar expiration" is the registrar's date, which registries do not know: it is left out.
//
// # The bootstrap file
//
// bootstrap.json is IANA's own file as it was published on 2025-11-06, whole, as an RDAP client for JavaScript (MIT licence)
// carries it. It is compiled into the program, so that it works without asking IANA. It ages: where an extension has moved since,
// its former server may call every name of it unregistered. An installation that can reach IANA sets the account's bootstrap to
// https://data.iana.org/rdap/dns.json, or to the path of a copy; both are read again once a day. For a release, the file is
// replaced by IANA's present one:
//
//	curl -fsS https://data.iana.org/rdap/dns.json -o internal/registrar/rdap/bootstrap.json
//
// Tests hold that what is compiled in can be read, is whole, and is as old as is said here and in the manual.
package rdap
