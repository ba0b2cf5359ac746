package server_test

import (
	"time"

	"github.com/whmcsync/whmcsync/internal/server"
)

// sample is a status with everything that a page can show.
func sample(now time.Time) server.Status {
	return server.Status{Leader: "sched-1", Workers: 3, Syncs: []server.SyncStatus{busySync(now), stuckSync(now), freshSync()}}
}

func busySync(now time.Time) server.SyncStatus {
	return server.SyncStatus{
		Name: "newsletter", Type: "clients", Source: "main", Account: "news", Mode: "apply", Schedule: "@every 24h",
		State: server.StateRunning, Offset: 6250, Total: 10000,
		Current: &server.Run{ID: 44, Sync: "newsletter", Kind: "pass", State: "working", Batches: 40, Settled: 25, Started: now.Add(-95 * time.Second)},
		Last: &server.Run{
			ID: 43, Sync: "newsletter", Kind: "pass", State: "done", Trigger: "schedule", Batches: 40, Settled: 40,
			Counts:  map[string]int64{"records": 10000, "unchanged": 9890, "created": 12, "updated": 74, "detached": 9, "failed": 15, "skipped_no_consent": 2113},
			Started: now.Add(-24 * time.Hour), Finished: now.Add(-24*time.Hour + 3*time.Minute),
		},
		LastPassAt: now.Add(-24*time.Hour + 3*time.Minute), NextRunAt: now.Add(23 * time.Hour),
		Changes:  map[string]int{"applied": 95, "failed": 15},
		Failures: map[string]int{"rejected": 12, "transient": 3},
		Queue:    server.QueueDepth{Name: "news", Pending: 13, Active: 4, Retry: 1, LatencySeconds: 2.4},
		Rate:     server.RateUse{LimitPerSecond: 4, UsedPerSecond: 3.9, InFlight: 4, InFlightLimit: 4, BlockedUntil: now.Add(27 * time.Second)},
	}
}

func stuckSync(now time.Time) server.SyncStatus {
	return server.SyncStatus{
		Name: "reseller", Type: "clients", Source: "main", Account: "partners", Mode: "notify",
		State: server.StatePaused, Total: 312,
		Pause:      &server.Pause{Since: now.Add(-2 * time.Hour), Reason: "moving to a new list, see ticket 812"},
		AccountOff: &server.Pause{Since: now.Add(-3 * time.Hour), Reason: "the API key was refused"},
		Held:       []server.Held{{RunID: 39, Changes: 61, Reason: "more than 5 people would be detached"}},
		Untold: []server.Untold{
			{RunID: 38, Report: "mail", GivenUp: true, Tries: 1, Error: "mail: send mail: credentials refused: 535 no", Since: now.Add(-5 * time.Hour)},
			{RunID: 39, Report: "mail", Since: now.Add(-4 * time.Hour)},
			{RunID: 39, Report: "notes", Tries: 7, Error: "send alert: the webhook <b>does not</b> answer", Since: now.Add(-4 * time.Hour)},
			{RunID: 40, Report: "mail", Tries: 1, Since: now.Add(-3 * time.Hour)},
		},
		Last:       &server.Run{ID: 39, Sync: "reseller", Kind: "pass", State: "held", Trigger: "manual", Error: "the listing shrank from 310 to 12 entries", Started: now.Add(-4 * time.Hour), Finished: now.Add(-4 * time.Hour)},
		LastPassAt: now.Add(-72 * time.Hour),
		Queue:      server.QueueDepth{Name: "partners"},
	}
}

func freshSync() server.SyncStatus {
	return server.SyncStatus{
		Name: "trial", Type: "clients", Source: "second", Account: "news", Mode: "apply", State: server.StateIdle,
		Queue: server.QueueDepth{Name: "news", Pending: 13, Active: 4},
	}
}

func sampleRuns(now time.Time) []server.Run {
	status := sample(now)
	touched := server.Run{
		ID: 42, Sync: "newsletter", Kind: "touch", State: "done", Trigger: "hook", Batches: 1, Settled: 1,
		Counts:  map[string]int64{"records": 2, "updated": 1, "unchanged": 1},
		Started: now.Add(-time.Hour), Finished: now.Add(-time.Hour + 300*time.Millisecond),
	}
	return []server.Run{*status.Syncs[0].Current, *status.Syncs[0].Last, touched, *status.Syncs[1].Last}
}

func sampleFailures(now time.Time) []server.Failure {
	return []server.Failure{
		{
			ID: 1, Sync: "newsletter", RecordID: 1204, Key: "o'brien+news@example.com", RunID: 43, Class: "rejected", Attempts: 1,
			Message: "news: sync subscriber: rejected: email: is <b>not</b> valid", FirstAt: now.Add(-26 * time.Hour), LastAt: now.Add(-24 * time.Hour),
		},
		{
			ID: 2, Sync: "newsletter", RecordID: 77, Key: "zoe@example.com", RunID: 43, Class: "rate_limited", Attempts: 4,
			Message: "news: sync subscriber: rate limited, retry in 30s", FirstAt: now.Add(-2 * time.Hour), LastAt: now.Add(-5 * time.Minute), NextAt: now.Add(40 * time.Second),
		},
		{
			ID: 3, Sync: "reseller", RecordID: 9, Key: "max@example.net", RunID: 39, Class: "refused", Attempts: 1,
			Message: "the address has no domain", FirstAt: now.Add(-4 * time.Hour), LastAt: now.Add(-4 * time.Hour),
		},
	}
}
