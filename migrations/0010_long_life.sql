-- Messages outlive their chat for a while: those of a large one are removed in portions, because nobody
-- could change anything meanwhile if it were done at once. So they do not refer to it any more, which
-- is no more than a text of the schema (sqlite.org/lang_altertable.html, "Making Other Kinds Of Table
-- Schema Changes"); writing the table anew would take minutes where there are many.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET sql = replace(sql, 'TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE', 'TEXT NOT NULL')
    WHERE type = 'table' AND name = 'messages';
PRAGMA writable_schema = RESET;

-- Deleted chats that still have messages. Until they have none, no other chat has their id.
CREATE TABLE emptied_chats (
    id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- How many of its messages are in their index (message_search_end): counting them one by one takes
-- ever longer.
ALTER TABLE chats ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
UPDATE chats SET messages = (
    SELECT count(*) FROM messages
    WHERE chat_id = chats.id AND seq <= (SELECT seq FROM message_search_end)
);

-- Who is no more is looked for among those who were in chats.
CREATE INDEX former_participants_by_participant ON former_participants (participant_id, kind);

-- Tokens that ended long ago are forgotten.
CREATE INDEX tokens_by_end ON tokens (expires_at);
