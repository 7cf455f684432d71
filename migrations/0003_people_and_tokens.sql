-- People. email_key is the address as it is compared: without regard to case.
-- password is an argon2id hash in PHC form; null until they have chosen one.
CREATE TABLE people (
    id           TEXT PRIMARY KEY,
    email        TEXT NOT NULL,
    email_key    TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL,
    password     TEXT,
    disabled     INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    signed_in_at INTEGER
) STRICT;

-- Login sessions. secret is the SHA-256 of what the cookie holds; data is tower-sessions' own.
CREATE TABLE logins (
    id         TEXT PRIMARY KEY,
    secret     BLOB NOT NULL UNIQUE,
    person_id  TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    data       TEXT NOT NULL,
    user_agent TEXT,
    address    TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX logins_by_person ON logins (person_id, created_at);
CREATE INDEX logins_by_end ON logins (expires_at);

-- Tokens of programs. secret is the SHA-256 of the token; prefix tells tokens apart.
CREATE TABLE tokens (
    id             TEXT PRIMARY KEY,
    secret         BLOB NOT NULL UNIQUE,
    prefix         TEXT NOT NULL,
    name           TEXT NOT NULL,
    principal_id   TEXT NOT NULL,
    principal_kind TEXT NOT NULL,
    scopes         TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER,
    last_used_at   INTEGER
) STRICT;
CREATE INDEX tokens_by_principal ON tokens (principal_id, principal_kind, created_at);

-- One-time links. secret is the SHA-256 of what the link holds. Without a person it is for
-- setting up: whoever holds it becomes the first person. One for each person, and one for setting up.
CREATE TABLE links (
    secret     BLOB PRIMARY KEY,
    person_id  TEXT UNIQUE REFERENCES people (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT;
