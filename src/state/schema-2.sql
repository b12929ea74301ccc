-- What readers asked for and what their mailboxes said, over the list: appended, and never changed but by
-- forgetting someone.
CREATE TABLE reader_event (
    id          INTEGER PRIMARY KEY,
    -- A pseudonym under the key of the newsletter: it stays when the address is erased.
    reader      TEXT NOT NULL,
    -- The address's identity; none where only a token is known, and none of someone who was forgotten.
    identity    TEXT,
    -- Milliseconds since 1970.
    at          INTEGER NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN
                ('listed', 'suppressed', 'restored', 'languages', 'topics', 'synced')),
    -- The cause of a suppression, or the wanted languages or topics joined by a semicolon.
    value       TEXT,
    channel     TEXT NOT NULL CHECK (channel IN
                ('csv', 'import', 'web', 'mailto', 'bounce', 'complaint', 'by-hand')),
    -- A reason or the evidence, in words.
    note        TEXT
) STRICT;

CREATE INDEX reader_event_reader ON reader_event (reader);
CREATE INDEX reader_event_identity ON reader_event (identity);

-- Mails that were read for what they ask or report: each is worked on once, wherever it lies.
CREATE TABLE mail_seen (
    digest      TEXT PRIMARY KEY,
    -- Milliseconds since 1970.
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When the mailboxes were read last.
CREATE TABLE collection (
    id          INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    mails       INTEGER NOT NULL
) STRICT;
