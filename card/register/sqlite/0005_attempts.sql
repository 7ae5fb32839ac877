-- Failed authentications at chips, by chip and by the public name of the keys that were tried: a chip that has seen too
-- many locks itself for ever. What the right keys have opened since is forgotten.
CREATE TABLE attempts (
    chip_id  TEXT NOT NULL CHECK (chip_id <> ''),
    keys     TEXT NOT NULL CHECK (keys <> ''),
    failures INTEGER NOT NULL CHECK (failures > 0),
    last     TEXT NOT NULL,
    reason   TEXT NOT NULL,
    PRIMARY KEY (chip_id, keys)
) STRICT;
