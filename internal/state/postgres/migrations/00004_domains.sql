-- +goose Up

-- What a duty remembers beside the columns; json, not jsonb: it is read and written as a whole.
ALTER TABLE subscribers ADD COLUMN memo json;
