-- Attempts that were made before someone who was rejected was tried again on request; retries are counted
-- from there on.
ALTER TABLE recipient ADD COLUMN attempts_before INTEGER NOT NULL DEFAULT 0;
