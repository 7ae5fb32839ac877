-- How often each signing key has been used. A use is counted before the key signs, so that no key exceeds its limit even
-- where the power goes in between.
CREATE TABLE keys (
    key  TEXT PRIMARY KEY CHECK (key <> ''),
    uses INTEGER NOT NULL CHECK (uses > 0),
    last TEXT NOT NULL
) STRICT;

CREATE TRIGGER key_uses_only_count_up BEFORE UPDATE ON keys WHEN NEW.key <> OLD.key OR NEW.uses <= OLD.uses
BEGIN SELECT RAISE(ABORT, 'uses of a key only count up'); END;

CREATE TRIGGER keys_are_never_forgotten BEFORE DELETE ON keys
BEGIN SELECT RAISE(ABORT, 'uses of a key are never forgotten'); END;

-- Which use of which key signed for the order with this line.
ALTER TABLE history ADD COLUMN key TEXT NOT NULL DEFAULT '';
ALTER TABLE history ADD COLUMN key_use INTEGER NOT NULL DEFAULT 0;

CREATE UNIQUE INDEX history_one_line_per_use ON history (key, key_use) WHERE key <> '';
