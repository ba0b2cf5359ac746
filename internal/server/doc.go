// Package server is the HTTP side of whmcsync: health, metrics, cron keys, signed hooks of WHMCS, the status pages, the
// queue pages and a small JSON API.
//
// It decides who may ask and what the question means, and shows what it is told. It does not know Postgres, Redis, the
// queue or any vendor: everything it needs of them stands in ports.go and is handed in by the caller of New.
//
// Who may do what:
//
//	/healthz /readyz        everybody (details of a failed check only on this machine)
//	/cron/NAME              whoever holds the sync's cron key
//	/hooks/whmcs/SOURCE     whoever can sign with the source's hook secret
//	/metrics                on a port of its own everybody, else this machine, a token or a signed-in person
//	/api/v1/                a token or a signed-in person
//	/ /runs /failures       a signed-in person; without any configured user, this machine only
//	/queues/                the same; only an operator may change something
package server
