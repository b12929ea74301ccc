-- What mail servers said about a message that did not arrive: what a mail told that came back, or what a relay
-- answered when it was handed over. Appended, and never changed but by forgetting someone.
CREATE TABLE bounce (
    id          INTEGER PRIMARY KEY,
    -- The mail that told it, and where it lay; or the event of the ledger that did.
    mail        TEXT,
    name        TEXT,
    delivery    INTEGER UNIQUE REFERENCES delivery_event (id),
    -- The reader's pseudonym, and the address's identity where the list knows it.
    reader      TEXT,
    identity    TEXT,
    issue       TEXT,
    -- When it was told, and when it was read, in milliseconds since 1970.
    at          INTEGER NOT NULL,
    read_at     INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    status      TEXT,
    diagnostic  TEXT,
    action      TEXT,
    mta         TEXT,
    -- The address as the report writes it.
    recipient   TEXT,
    -- By what it is known whom it is about.
    proof       TEXT NOT NULL CHECK (proof IN
                ('return-path', 'envelope-id', 'message-id', 'session', 'recipient', 'none')),
    CHECK ((mail IS NULL) = (delivery IS NOT NULL))
) STRICT;

CREATE INDEX bounce_reader ON bounce (reader);
CREATE INDEX bounce_mail ON bounce (mail);
