-- +goose Up

-- What people are to be told of runs that have ended, a row for each task that does it. It is written together with the
-- end of the run, so that no queue has to remember it.
CREATE TABLE reports (
    run_id      bigint NOT NULL REFERENCES runs ON DELETE CASCADE,
    kind        text COLLATE "C" NOT NULL,
    sync        text COLLATE "C" NOT NULL,
    state       text NOT NULL DEFAULT 'owed',
    generation  integer NOT NULL DEFAULT 1,
    tries       integer NOT NULL DEFAULT 0,
    told        text[] NOT NULL DEFAULT '{}', -- what no other try may repeat
    error       text NOT NULL DEFAULT '',
    owed_at     timestamptz NOT NULL DEFAULT now(),
    queued_at   timestamptz,
    lease_until timestamptz, -- of the try that is under way
    PRIMARY KEY (run_id, kind)
);
CREATE INDEX reports_open ON reports (sync, run_id) WHERE state <> 'told';
CREATE INDEX reports_arrived ON reports (sync, kind, run_id) WHERE state = 'told' AND told <> '{}';
