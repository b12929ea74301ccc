-- How a run was paced: rates as they changed, and pauses. Appended beside the attempts, and never waited for.
CREATE TABLE pace_change (
    id          INTEGER PRIMARY KEY,
    plan        INTEGER NOT NULL REFERENCES plan (id),
    -- Milliseconds since 1970.
    at          INTEGER NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('begun', 'slowed', 'faster', 'batch', 'hours', 'relay', 'ended')),
    -- The receiving domain; none for the whole run.
    domain      TEXT,
    -- Messages a second from then on; none for no limit.
    rate        REAL,
    -- When a pause ends.
    until       INTEGER,
    -- The codes of the reply that slowed it down.
    reply       TEXT
) STRICT;

CREATE INDEX pace_change_plan ON pace_change (plan);

-- No event of a plan has a smaller number: whoever reads them need not go through those of all issues.
ALTER TABLE plan ADD COLUMN first_event INTEGER NOT NULL DEFAULT 0;
UPDATE plan SET first_event = earliest.id
FROM (SELECT recipient.plan, min(delivery_event.id) AS id
      FROM delivery_event JOIN recipient ON recipient.id = delivery_event.recipient GROUP BY recipient.plan) AS earliest
WHERE earliest.plan = plan.id;
