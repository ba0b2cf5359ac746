-- +goose Up

CREATE TABLE changes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sync        text COLLATE "C" NOT NULL,
    run_id      bigint NOT NULL, -- no foreign key: changes are kept longer than runs' batches
    batch_id    bigint NOT NULL,
    record_id   bigint NOT NULL,
    key         text COLLATE "C" NOT NULL,
    field       text COLLATE "C" NOT NULL,
    old         text NOT NULL,
    new         text NOT NULL,
    side        text NOT NULL,
    state       text NOT NULL,
    deferred    boolean NOT NULL DEFAULT false, -- planned for the end of the run, nobody writes it yet
    destructive boolean NOT NULL,
    reason      text NOT NULL,
    wish        bytea,
    created_at  timestamptz NOT NULL DEFAULT now(),
    settled_at  timestamptz
);
CREATE INDEX changes_run ON changes (run_id, id);
CREATE INDEX changes_batch ON changes (batch_id);
CREATE INDEX changes_record ON changes (record_id);
CREATE INDEX changes_key ON changes (key, field);
CREATE INDEX changes_recent ON changes (created_at);
CREATE INDEX changes_open_of_run ON changes (run_id, state) WHERE state IN ('planned', 'held');
CREATE INDEX changes_settled ON changes (settled_at) WHERE settled_at IS NOT NULL;

CREATE TABLE failures (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sync      text COLLATE "C" NOT NULL,
    record_id bigint NOT NULL,
    key       text COLLATE "C" NOT NULL,
    run_id    bigint NOT NULL,
    class     text NOT NULL,
    message   text NOT NULL,
    attempts  integer NOT NULL DEFAULT 1,
    first_at  timestamptz NOT NULL DEFAULT now(),
    last_at   timestamptz NOT NULL DEFAULT now(),
    next_at   timestamptz
);
CREATE UNIQUE INDEX failures_record ON failures (record_id, sync);

-- Rows of a listing are json, not jsonb: cheaper to write, and an escaped NUL in an outside text is no error.
CREATE TABLE listings (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sync       text COLLATE "C" NOT NULL,
    run_id     bigint NOT NULL,
    cursor     text NOT NULL DEFAULT '',
    pages      integer NOT NULL DEFAULT 0,
    rows       integer NOT NULL DEFAULT 0,
    complete   boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz
);

CREATE TABLE listing_rows (
    listing_id bigint NOT NULL,
    page       integer NOT NULL,
    key        text COLLATE "C" NOT NULL,
    body       json NOT NULL
);
CREATE INDEX listing_rows_key ON listing_rows (listing_id, key);
