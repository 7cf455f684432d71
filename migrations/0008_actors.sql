-- The log filtered by who acted. An index of every event by its actor is written to in as many places
-- as there are actors at work, which was half of what storing a message cost. So of every 256 events
-- in a row it is only known who acted in them; which of them those did is seen in the events.
CREATE TABLE actor_stretches (
    actor   TEXT NOT NULL,
    -- The offset of each of its events, without the last eight bits.
    stretch INTEGER NOT NULL,
    PRIMARY KEY (actor, stretch)
) STRICT, WITHOUT ROWID;
CREATE INDEX actor_stretches_by_age ON actor_stretches (stretch);

INSERT INTO actor_stretches
    SELECT DISTINCT actor_id, offset >> 8 FROM events INDEXED BY events_by_actor;
DROP INDEX events_by_actor;

CREATE TRIGGER events_by_actor AFTER INSERT ON events BEGIN
    INSERT OR IGNORE INTO actor_stretches (actor, stretch) VALUES (new.actor_id, new.offset >> 8);
END;
