-- +goose Up

-- A noticed change that is not settled is a difference that stands: runs that only note record it once, and seen_run is the
-- newest of them over all records that met it. The two indexes have conditions of their own, so that no query can take one for the other.
ALTER TABLE changes ADD COLUMN seen_run bigint;
CREATE UNIQUE INDEX changes_standing ON changes (key, field, record_id, sync) WHERE state = 'noticed' AND settled_at IS NULL;
CREATE INDEX changes_seen ON changes (seen_run, id) WHERE seen_run IS NOT NULL;

-- A person asked what a run would change. It is on their screen, and in no mail.
ALTER TABLE runs ADD COLUMN dry_run boolean NOT NULL DEFAULT false;
