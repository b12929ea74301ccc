-- The ledger. A plan is one issue's send; its people are frozen when it is made.
CREATE TABLE plan (
    id      INTEGER PRIMARY KEY,
    issue   TEXT NOT NULL UNIQUE,
    relay   TEXT NOT NULL,
    -- What the Date header of every message says, in seconds since 1970.
    date    INTEGER NOT NULL
) STRICT;

-- What was approved for a plan; the latest is in force.
CREATE TABLE approval (
    id      INTEGER PRIMARY KEY,
    plan    INTEGER NOT NULL REFERENCES plan (id),
    digest  TEXT NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

CREATE TABLE edition (
    id          INTEGER PRIMARY KEY,
    plan        INTEGER NOT NULL REFERENCES plan (id),
    -- Tags and ids joined by a semicolon.
    languages   TEXT NOT NULL,
    items       TEXT NOT NULL,
    UNIQUE (plan, languages, items)
) STRICT;

CREATE TABLE recipient (
    id          INTEGER PRIMARY KEY,
    plan        INTEGER NOT NULL REFERENCES plan (id),
    address     TEXT NOT NULL,
    identity    TEXT NOT NULL,
    edition     INTEGER REFERENCES edition (id),
    state       TEXT NOT NULL CHECK (state IN
                ('pending', 'attempting', 'accepted', 'deferred', 'rejected', 'unknown', 'skipped')),
    -- Why someone was skipped, or the last reply.
    reason      TEXT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    -- Milliseconds since 1970.
    first_attempt INTEGER,
    due         INTEGER,
    UNIQUE (plan, identity)
) STRICT;

CREATE INDEX recipient_state ON recipient (plan, state);

-- Each attempt and each outcome, appended and never changed.
CREATE TABLE delivery_event (
    id          INTEGER PRIMARY KEY,
    recipient   INTEGER NOT NULL REFERENCES recipient (id),
    -- Milliseconds since 1970.
    at          INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    code        INTEGER,
    enhanced    TEXT,
    text        TEXT
) STRICT;
