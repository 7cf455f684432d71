-- Offsets that no event of this log ever had: a restored log goes on behind the end of the one that it
-- replaced. After that offset, so many.
CREATE TABLE gaps (
    after  INTEGER PRIMARY KEY,
    length INTEGER NOT NULL CHECK (length > 0)
) STRICT;
