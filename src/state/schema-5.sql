-- The check of a person's state, which every attempt and every outcome goes through, in another form that says the
-- same: for a list of words SQLite makes a table of them each time. What is stored is the same, so that the rows
-- need not be written anew.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (state IN
                (''pending'', ''attempting'', ''accepted'', ''deferred'', ''rejected'', ''unknown'', ''skipped''))',
    'CHECK (state = ''pending'' OR state = ''attempting'' OR state = ''accepted'' OR state = ''deferred''
                OR state = ''rejected'' OR state = ''unknown'' OR state = ''skipped'')')
WHERE type = 'table' AND name = 'recipient';
PRAGMA writable_schema = RESET;

-- A plan's people stand together, from this number on: whoever goes through them reads the table in its own
-- order, and no attempt and no outcome pays for an index by state any more.
ALTER TABLE plan ADD COLUMN first_recipient INTEGER NOT NULL DEFAULT 0;
UPDATE plan SET first_recipient = coalesce((SELECT min(id) FROM recipient WHERE recipient.plan = plan.id), 0);
DROP INDEX recipient_state;
