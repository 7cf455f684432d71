-- Who acts is written by whoever appends the events: it knows whom it has written for a stretch
-- already, where the trigger looked for every event.
DROP TRIGGER events_by_actor;
