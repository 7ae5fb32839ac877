-- Chips that the issuer's own keys have opened, and which, by their public name: none of these chips goes back to the keys that
-- it came with.
CREATE TABLE own_keys (
    chip_id TEXT NOT NULL CHECK (chip_id <> ''),
    keys    TEXT NOT NULL CHECK (keys <> ''),
    since   TEXT NOT NULL,
    PRIMARY KEY (chip_id, keys)
) STRICT;
