-- The log filtered by event: the rare ones are found without reading all of it.
CREATE INDEX events_by_event ON events (event, offset);

-- Agents counted and listed by status.
CREATE INDEX agents_by_status ON agents (status, created_at, id);
