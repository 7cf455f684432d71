-- Chats that only their participants see. An id may be used again once its chat is deleted, so
-- born, the offset of its chat:created, tells whose events are whose.
ALTER TABLE chats ADD COLUMN visibility TEXT NOT NULL DEFAULT 'open';
ALTER TABLE chats ADD COLUMN born INTEGER NOT NULL DEFAULT 0;

-- What deciding who sees a row of the log needs when the chat or the participant is gone.
-- subject: whom a private chat's participantLeft is about; they see it, whoever else does.
ALTER TABLE events ADD COLUMN private INTEGER NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN subject TEXT;
ALTER TABLE events ADD COLUMN subject_kind TEXT;
CREATE INDEX events_by_subject ON events (subject) WHERE subject IS NOT NULL;

-- Who was in a private chat when it was deleted, until the log has forgotten that.
-- born and died: the offsets of its chat:created and chat:deleted.
CREATE TABLE former_participants (
    chat_id        TEXT NOT NULL,
    participant_id TEXT NOT NULL,
    kind           TEXT NOT NULL,
    born           INTEGER NOT NULL,
    died           INTEGER NOT NULL,
    PRIMARY KEY (chat_id, participant_id, kind, died)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_participants_by_died ON former_participants (died);

-- The private event that a kept answer tells of: who does not see that is not answered so again.
ALTER TABLE idempotency ADD COLUMN private_chat TEXT;
ALTER TABLE idempotency ADD COLUMN private_offset INTEGER;
