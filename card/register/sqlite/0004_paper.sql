-- What has no chip (no profile of one) is printed and issued without. SQLite changes no constraint of a table in place: it
-- is made anew, with all its rows; the rows that refer to them stay where they are, and are counted right at the commit.
PRAGMA defer_foreign_keys = ON;

CREATE TABLE orders_before AS SELECT * FROM orders;

DROP TABLE orders;

CREATE TABLE orders (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    number         TEXT NOT NULL CHECK (number <> ''),
    form           TEXT NOT NULL,
    profile        TEXT NOT NULL,             -- of the chip; empty for what has none
    date_of_issue  TEXT NOT NULL,
    date_of_expiry TEXT NOT NULL,
    digest         TEXT NOT NULL,             -- SHA-256 over record and portraits: tells the same row given twice
    state          TEXT NOT NULL,
    held_from      TEXT,                      -- the state that a held order goes back to
    reason         TEXT NOT NULL DEFAULT '',
    chip_id        TEXT CHECK (chip_id <> ''),
    card           TEXT,                      -- state of the card, once there is one
    created        TEXT NOT NULL,
    changed        TEXT NOT NULL,
    CHECK ((state = 'held') = (held_from IS NOT NULL)),
    -- A chip is begun before it is personalised, and an order whose chip was begun is spoiled, never just cancelled.
    CHECK (chip_id IS NOT NULL OR state NOT IN ('personalised', 'verified')),
    CHECK (chip_id IS NOT NULL OR profile = '' OR state NOT IN ('queued', 'printed',
        'issued', 'passed', 'packed', 'delivered', 'activated')),
    CHECK (chip_id IS NULL OR state <> 'cancelled'),
    CHECK (card IS NOT NULL OR state NOT IN ('issued', 'passed', 'packed', 'delivered', 'activated'))
) STRICT;

INSERT INTO orders (id, number, form, profile, date_of_issue, date_of_expiry, digest, state, held_from, reason, chip_id, card, created, changed)
    SELECT id, number, form, profile, date_of_issue, date_of_expiry, digest, state, held_from, reason, chip_id, card, created, changed
    FROM orders_before ORDER BY id;

DROP TABLE orders_before;

-- At most one open order or live card for a personal number.
CREATE UNIQUE INDEX orders_one_live_card ON orders (number)
    WHERE state NOT IN ('spoiled', 'cancelled') AND (card IS NULL OR card IN ('active', 'suspended'));

-- At most one order for a chip; a spoiled order gives its chip back.
CREATE UNIQUE INDEX orders_one_order_per_chip ON orders (chip_id)
    WHERE chip_id IS NOT NULL AND state <> 'spoiled';

CREATE INDEX orders_by_state ON orders (state, id);
CREATE INDEX orders_by_number ON orders (number, id);

CREATE TRIGGER orders_are_never_deleted BEFORE DELETE ON orders
BEGIN SELECT RAISE(ABORT, 'orders are never deleted'); END;
