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
CREATE INDEX agents_by_born ON agents (born);
CREATE INDEX chats_by_born ON chats (born);
CREATE INDEX collections_by_born ON collections (born);

-- No text is kept in them, and not where in a text something is: only in which texts.
CREATE VIRTUAL TABLE agent_search USING fts5 (
    id, name, description, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram'
);
CREATE VIRTUAL TABLE chat_search USING fts5 (
    id, title, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram'
);
CREATE VIRTUAL TABLE collection_search USING fts5 (
    id, name, description, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram'
);
CREATE VIRTUAL TABLE message_search USING fts5 (
    content, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram'
);

-- How far the messages are in their index, which is filled some seconds after they were written:
-- the last one's seq. One row.
CREATE TABLE message_search_end (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq  INTEGER NOT NULL
) STRICT;
INSERT INTO message_search_end (only, seq) VALUES (1, 0);

INSERT INTO agent_search (rowid, id, name, description)
    SELECT born, id, name, description FROM agents;
INSERT INTO chat_search (rowid, id, title) SELECT born, id, title FROM chats;
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

CREATE TRIGGER chat_search_insert AFTER INSERT ON chats BEGIN
    INSERT INTO chat_search (rowid, id, title) VALUES (new.born, new.id, new.title);
END;
CREATE TRIGGER chat_search_update AFTER UPDATE OF title ON chats
    WHEN new.title IS NOT old.title BEGIN
    DELETE FROM chat_search WHERE rowid = old.born;
    INSERT INTO chat_search (rowid, id, title) VALUES (new.born, new.id, new.title);
END;
CREATE TRIGGER chat_search_delete AFTER DELETE ON chats BEGIN
    DELETE FROM chat_search WHERE rowid = old.born;
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

CREATE TRIGGER message_search_delete AFTER DELETE ON messages BEGIN
    DELETE FROM message_search WHERE rowid = old.seq;
END;
