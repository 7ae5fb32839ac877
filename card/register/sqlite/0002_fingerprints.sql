-- EF.DG3 of an order whose card is still to be made. Biometrics do not lie about: erased when the card is issued or the
-- order ends otherwise. A table of its own, since a record is written once and kept.
CREATE TABLE fingerprints (
    order_id INTEGER PRIMARY KEY REFERENCES orders (id),
    dg3      BLOB NOT NULL
) STRICT;

CREATE TRIGGER fingerprints_are_written_once BEFORE UPDATE ON fingerprints
BEGIN SELECT RAISE(ABORT, 'fingerprints are written once'); END;
