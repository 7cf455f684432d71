-- The epoch of the log, and the mark that tells it from a copy: one row.
CREATE TABLE history (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    epoch TEXT NOT NULL,
    mark  TEXT NOT NULL
) STRICT;

-- The log. AUTOINCREMENT: an offset never comes again, even when the log was emptied.
-- kind and entity name the topic; both are null for what goes to everybody.
CREATE TABLE events (
    offset     INTEGER PRIMARY KEY AUTOINCREMENT,
    event      TEXT NOT NULL,
    kind       TEXT,
    entity     TEXT,
    payload    TEXT NOT NULL,
    actor_id   TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    timestamp  INTEGER NOT NULL
) STRICT;
CREATE INDEX events_by_entity ON events (kind, entity, offset);
CREATE INDEX events_by_actor ON events (actor_id, offset);
CREATE INDEX events_by_time ON events (timestamp);

CREATE TABLE agents (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    description   TEXT,
    status        TEXT NOT NULL,
    status_detail TEXT,
    capabilities  TEXT NOT NULL,
    metadata      TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    version       INTEGER NOT NULL
) STRICT;
CREATE INDEX agents_by_created_at ON agents (created_at, id);
CREATE INDEX agents_by_updated_at ON agents (updated_at, id);
CREATE INDEX agents_by_name ON agents (name, id);

CREATE TABLE chats (
    id         TEXT PRIMARY KEY,
    title      TEXT NOT NULL,
    metadata   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version    INTEGER NOT NULL
) STRICT;
CREATE INDEX chats_by_created_at ON chats (created_at, id);
CREATE INDEX chats_by_updated_at ON chats (updated_at, id);
CREATE INDEX chats_by_title ON chats (title, id);

-- seq keeps the order in which they joined.
CREATE TABLE participants (
    seq            INTEGER PRIMARY KEY,
    chat_id        TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    participant_id TEXT NOT NULL,
    kind           TEXT NOT NULL,
    joined_at      INTEGER NOT NULL,
    UNIQUE (chat_id, participant_id)
) STRICT;
CREATE INDEX participants_by_participant ON participants (participant_id, kind);

-- seq is the offset of the message's event, so messages have the log's order.
CREATE TABLE messages (
    seq         INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    chat_id     TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    sender_id   TEXT NOT NULL,
    sender_kind TEXT NOT NULL,
    content     TEXT NOT NULL,
    reply_to    TEXT,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_by_chat ON messages (chat_id, seq);

CREATE TABLE receipts (
    message_id     TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    principal_id   TEXT NOT NULL,
    principal_kind TEXT NOT NULL,
    received_at    INTEGER NOT NULL,
    read_at        INTEGER,
    PRIMARY KEY (message_id, principal_id, principal_kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE collections (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    description TEXT,
    metadata    TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    version     INTEGER NOT NULL
) STRICT;
CREATE INDEX collections_by_created_at ON collections (created_at, id);
CREATE INDEX collections_by_updated_at ON collections (updated_at, id);
CREATE INDEX collections_by_name ON collections (name, id);

-- Answers to POSTs that carried an Idempotency-Key, kept for 24 hours.
CREATE TABLE idempotency (
    principal_id   TEXT NOT NULL,
    principal_kind TEXT NOT NULL,
    route          TEXT NOT NULL,
    key            TEXT NOT NULL,
    request_hash   BLOB NOT NULL,
    answer         TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    PRIMARY KEY (principal_id, principal_kind, route, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
