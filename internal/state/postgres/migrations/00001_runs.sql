-- +goose Up

-- One row per configured sync, account and, in leadership, one row in all. Names compare bytewise: it is faster and
-- does not change with the locale of the server.
CREATE TABLE accounts (
    name         text COLLATE "C" PRIMARY KEY,
    paused_at    timestamptz,
    pause_reason text NOT NULL DEFAULT ''
);

CREATE TABLE syncs (
    name          text COLLATE "C" PRIMARY KEY,
    type          text NOT NULL,
    source        text NOT NULL,
    account       text COLLATE "C" NOT NULL REFERENCES accounts,
    record_offset bigint NOT NULL DEFAULT 0,
    last_slot     timestamptz,
    last_full_at  timestamptz,
    last_listing  integer NOT NULL DEFAULT 0,
    last_pass_at  timestamptz,
    poll_cursor   timestamptz,
    polled_at     timestamptz,
    paused_at     timestamptz,
    pause_reason  text NOT NULL DEFAULT '',
    records_total bigint NOT NULL DEFAULT 0
);

CREATE TABLE leadership (
    id      boolean PRIMARY KEY DEFAULT true CHECK (id),
    holder  text NOT NULL,
    term    bigint NOT NULL,
    expires timestamptz NOT NULL
);

CREATE TABLE requests (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sync         text COLLATE "C" NOT NULL REFERENCES syncs,
    trigger      text NOT NULL,
    full_listing boolean NOT NULL,
    notify       boolean NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    run_id       bigint NOT NULL DEFAULT 0,
    refused      text NOT NULL DEFAULT ''
);
CREATE INDEX requests_open ON requests (sync, id) WHERE run_id = 0 AND refused = '';

CREATE TABLE runs (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sync         text COLLATE "C" NOT NULL REFERENCES syncs,
    kind         text NOT NULL,
    state        text NOT NULL,
    ended        boolean NOT NULL GENERATED ALWAYS AS (state IN ('done', 'failed', 'held')) STORED,
    trigger      text NOT NULL,
    slot         text COLLATE "C" NOT NULL,
    full_listing boolean NOT NULL DEFAULT false,
    notify       boolean NOT NULL DEFAULT false,
    listing_id   bigint NOT NULL DEFAULT 0,
    from_id      bigint NOT NULL DEFAULT 0,
    slice_cursor bigint NOT NULL DEFAULT 0,
    sliced       boolean NOT NULL DEFAULT false,
    pass_ends    boolean NOT NULL DEFAULT false,
    batch_limit  integer NOT NULL DEFAULT 0,
    next_seq     integer NOT NULL DEFAULT 1,
    total        bigint NOT NULL DEFAULT 0,
    guard_limit  integer NOT NULL DEFAULT 0,
    guard_base   integer NOT NULL DEFAULT 0, -- part of guard_used that earlier touch runs had taken
    guard_used   integer NOT NULL DEFAULT 0,
    counts       jsonb NOT NULL DEFAULT '{}',
    error        text NOT NULL DEFAULT '',
    request_id   bigint NOT NULL DEFAULT 0,
    started_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz
);
CREATE UNIQUE INDEX runs_slot ON runs (sync, slot);
CREATE UNIQUE INDEX runs_one_pass ON runs (sync) WHERE kind = 'pass' AND NOT ended;
CREATE INDEX runs_open ON runs (sync, id) WHERE NOT ended;
CREATE INDEX runs_touch ON runs (sync, started_at) WHERE kind = 'touch';
CREATE INDEX runs_finished ON runs (finished_at);

CREATE TABLE batches (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id      bigint NOT NULL REFERENCES runs ON DELETE CASCADE,
    sync        text COLLATE "C" NOT NULL,
    account     text COLLATE "C" NOT NULL,
    kind        text NOT NULL,
    seq         integer NOT NULL,
    from_id     bigint NOT NULL DEFAULT 0,
    to_id       bigint NOT NULL DEFAULT 0,
    ids         bigint[],
    state       text NOT NULL DEFAULT 'ready',
    generation  integer NOT NULL DEFAULT 1,
    begins      integer NOT NULL DEFAULT 0, -- how often a worker began it
    attempts    integer NOT NULL DEFAULT 0, -- how often that failed
    not_before  timestamptz,
    worker      text NOT NULL DEFAULT '',
    token       text NOT NULL DEFAULT '',
    lease_until timestamptz,
    counts      jsonb NOT NULL DEFAULT '{}',
    error       text NOT NULL DEFAULT '',
    queued_at   timestamptz,
    started_at  timestamptz,
    settled_at  timestamptz
);
CREATE UNIQUE INDEX batches_seq ON batches (run_id, seq);
CREATE INDEX batches_unsettled ON batches (run_id, seq) WHERE state <> 'settled';
CREATE INDEX batches_out ON batches (sync) WHERE state IN ('queued', 'running');

CREATE TABLE touches (
    seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sync      text COLLATE "C" NOT NULL REFERENCES syncs,
    record_id bigint NOT NULL,
    trigger   text NOT NULL,
    at        timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX touches_record ON touches (sync, record_id);
CREATE INDEX touches_oldest ON touches (sync, seq);
