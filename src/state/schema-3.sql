-- Attempts that were made before someone who was rejected was tried again on request; retries are counted
-- from there on.
ALTER TABLE recipient ADD COLUMN attempts_before INTEGER NOT NULL DEFAULT 0;

-- Where an outcome came from, and what it means in a word.
ALTER TABLE delivery_event ADD COLUMN remote TEXT;
ALTER TABLE delivery_event ADD COLUMN stage TEXT;
ALTER TABLE delivery_event ADD COLUMN refusal TEXT;
ALTER TABLE delivery_event ADD COLUMN queue_id TEXT;

-- The event of the last outcome. Found without an index, which each attempt would have to pay for.
ALTER TABLE recipient ADD COLUMN last_outcome INTEGER REFERENCES delivery_event (id);
UPDATE recipient SET last_outcome = latest.id
FROM (SELECT recipient, max(id) AS id FROM delivery_event
      WHERE kind IN ('accepted', 'deferred', 'rejected', 'unknown') GROUP BY recipient) AS latest
WHERE latest.recipient = recipient.id;
