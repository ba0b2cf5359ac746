-- +goose Up

-- A key is a client's address, a domain's name, or whatever else a duty knows its records by.
ALTER TABLE roster RENAME COLUMN email TO key;
ALTER INDEX roster_email RENAME TO roster_key;

ALTER TABLE subscribers RENAME TO memories;
ALTER TABLE memories RENAME COLUMN email TO key;
ALTER TABLE memories RENAME COLUMN remote_email TO remote_key;
ALTER INDEX subscribers_pkey RENAME TO memories_pkey;
ALTER INDEX subscribers_record RENAME TO memories_record;
