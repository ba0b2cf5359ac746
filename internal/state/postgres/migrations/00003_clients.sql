-- +goose Up

-- Who has which address, and what was last settled for each address. The indexes begin with what selects, not with the
-- sync: statements are planned when the tables are still empty, and no plan must come to reading all of a sync.
CREATE TABLE roster (
    sync      text COLLATE "C" NOT NULL,
    record_id bigint NOT NULL,
    email     text COLLATE "C" NOT NULL,
    PRIMARY KEY (record_id, sync)
);
CREATE INDEX roster_email ON roster (email, sync, record_id) WHERE email <> '';

CREATE TABLE subscribers (
    sync         text COLLATE "C" NOT NULL,
    email        text COLLATE "C" NOT NULL,
    record_id    bigint NOT NULL,
    remote_id    bigint NOT NULL DEFAULT 0,
    remote_email text NOT NULL DEFAULT '',
    groups       bigint[],
    fingerprint  bytea,
    echo         bytea,
    suppressed   text NOT NULL DEFAULT '',
    refused      bytea,
    version      bigint NOT NULL DEFAULT 1,
    claim_batch  bigint, -- with claim_token the lease of whoever writes to this person now
    claim_token  text NOT NULL DEFAULT '',
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (email, sync)
);
CREATE INDEX subscribers_record ON subscribers (record_id, sync);
