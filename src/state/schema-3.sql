-- Attempts that were made before someone who was rejected was tried again on request; retries are counted
-- from there on.
ALTER TABLE recipient ADD COLUMN attempts_before INTEGER NOT NULL DEFAULT 0;

-- Where an outcome came from, and what it means in a word.
ALTER TABLE delivery_event ADD COLUMN remote TEXT;
ALTER TABLE delivery_event ADD COLUMN stage TEXT;
ALTER TABLE delivery_event ADD COLUMN refusal TEXT;
ALTER TABLE delivery_event ADD COLUMN queue_id TEXT;

CREATE INDEX delivery_event_recipient ON delivery_event (recipient, id);
