-- One row an order, and the card that came of it. Slim: lists and searches read these rows by the hundred thousand.
CREATE TABLE orders (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    number         TEXT NOT NULL CHECK (number <> ''),
    form           TEXT NOT NULL,
    profile        TEXT NOT NULL,
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
    CHECK (chip_id IS NOT NULL OR state NOT IN ('personalised', 'verified', 'queued', 'printed',
        'issued', 'passed', 'packed', 'delivered', 'activated')),
    CHECK (chip_id IS NULL OR state <> 'cancelled'),
    CHECK (card IS NOT NULL OR state NOT IN ('issued', 'passed', 'packed', 'delivered', 'activated'))
) STRICT;

-- At most one open order or live card for a personal number.
CREATE UNIQUE INDEX orders_one_live_card ON orders (number)
    WHERE state NOT IN ('spoiled', 'cancelled') AND (card IS NULL OR card IN ('active', 'suspended'));

-- At most one order for a chip; a spoiled order gives its chip back.
CREATE UNIQUE INDEX orders_one_order_per_chip ON orders (chip_id)
    WHERE chip_id IS NOT NULL AND state <> 'spoiled';

CREATE INDEX orders_by_state ON orders (state, id);
CREATE INDEX orders_by_number ON orders (number, id);

-- What the order was given with. Written once.
CREATE TABLE records (
    order_id INTEGER PRIMARY KEY REFERENCES orders (id),
    record   BLOB NOT NULL,
    chip     BLOB,                            -- portrait for the chip
    face     BLOB                             -- portrait for the face
) STRICT;

-- Personalisation data as signed, with the chip's keys. Erased when the card is issued or the order ends otherwise.
CREATE TABLE productions (
    order_id INTEGER PRIMARY KEY REFERENCES orders (id),
    data     BLOB NOT NULL
) STRICT;

-- Which process works on which order.
CREATE TABLE claims (
    order_id INTEGER PRIMARY KEY REFERENCES orders (id),
    owner    TEXT NOT NULL,
    until    TEXT NOT NULL
) STRICT;

CREATE TABLE history (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id   INTEGER NOT NULL REFERENCES orders (id),
    at         TEXT NOT NULL,
    actor      TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    chip_id    TEXT NOT NULL DEFAULT '',      -- the chip that this line took for the order
    card       TEXT NOT NULL DEFAULT '',      -- the state that this line gave to the card
    detail     TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX history_by_order ON history (order_id, id);

CREATE TRIGGER history_keeps_its_lines BEFORE UPDATE ON history
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;

CREATE TRIGGER history_loses_no_line BEFORE DELETE ON history
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;

CREATE TRIGGER orders_are_never_deleted BEFORE DELETE ON orders
BEGIN SELECT RAISE(ABORT, 'orders are never deleted'); END;

CREATE TRIGGER records_are_written_once BEFORE UPDATE ON records
BEGIN SELECT RAISE(ABORT, 'a record is written once'); END;
