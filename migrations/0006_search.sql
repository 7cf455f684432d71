-- Searching. An index tells in which texts every three characters in a row of what is searched
-- occur; whether a text has them in that order is then seen in the text itself.

-- The offset of an entity's creation is its number in the index: it never changes, and never comes
-- again. (SQLite's own rowid may change when the database is copied.) Those from before have the
-- offset of their last change so far, which is no other entity's either.
ALTER TABLE agents ADD COLUMN born INTEGER NOT NULL DEFAULT 0;
ALTER TABLE collections ADD COLUMN born INTEGER NOT NULL DEFAULT 0;
UPDATE agents SET born = version;
UPDATE collections SET born = version;
UPDATE chats SET born = version WHERE born = 0;
CREATE UNIQUE INDEX agents_by_born ON agents (born);
CREATE UNIQUE INDEX collections_by_born ON collections (born);

-- No text is kept in them, and not where in a text something is: only in which texts. A message's
-- chat is three characters that stand for the chat's number, so that what others say elsewhere
-- makes no search in it slower. (Titles of chats have no index: how long a search takes must not
-- tell of private ones.)
CREATE VIRTUAL TABLE agent_search USING fts5 (
    id, name, description, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram'
);
CREATE VIRTUAL TABLE collection_search USING fts5 (
    id, name, description, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram'
);
CREATE VIRTUAL TABLE message_search USING fts5 (
    chat, content, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram'
);

INSERT INTO agent_search (rowid, id, name, description)
    SELECT born, id, name, description FROM agents;
INSERT INTO collection_search (rowid, id, name, description)
    SELECT born, id, name, description FROM collections;

CREATE TRIGGER agent_search_insert AFTER INSERT ON agents BEGIN
    INSERT INTO agent_search (rowid, id, name, description)
        VALUES (new.born, new.id, new.name, new.description);
END;
CREATE TRIGGER agent_search_update AFTER UPDATE OF name, description ON agents
    WHEN new.name IS NOT old.name OR new.description IS NOT old.description BEGIN
    DELETE FROM agent_search WHERE rowid = old.born;
    INSERT INTO agent_search (rowid, id, name, description)
        VALUES (new.born, new.id, new.name, new.description);
END;
CREATE TRIGGER agent_search_delete AFTER DELETE ON agents BEGIN
    DELETE FROM agent_search WHERE rowid = old.born;
END;

CREATE TRIGGER collection_search_insert AFTER INSERT ON collections BEGIN
    INSERT INTO collection_search (rowid, id, name, description)
        VALUES (new.born, new.id, new.name, new.description);
END;
CREATE TRIGGER collection_search_update AFTER UPDATE OF name, description ON collections
    WHEN new.name IS NOT old.name OR new.description IS NOT old.description BEGIN
    DELETE FROM collection_search WHERE rowid = old.born;
    INSERT INTO collection_search (rowid, id, name, description)
        VALUES (new.born, new.id, new.name, new.description);
END;
CREATE TRIGGER collection_search_delete AFTER DELETE ON collections BEGIN
    DELETE FROM collection_search WHERE rowid = old.born;
END;

-- Messages, which are many, come into their index, and out of it, some seconds later and in
-- portions. How far they are in it: the last one's seq; one row.
CREATE TABLE message_search_end (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq  INTEGER NOT NULL
) STRICT;
INSERT INTO message_search_end (only, seq) VALUES (1, 0);

-- The messages that are no more, and still in their index.
CREATE TABLE message_search_gone (
    seq INTEGER PRIMARY KEY
) STRICT;
CREATE TRIGGER message_search_delete AFTER DELETE ON messages
    WHEN old.seq <= (SELECT seq FROM message_search_end) BEGIN
    INSERT INTO message_search_gone (seq) VALUES (old.seq);
END;
