package register

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestMigrationsBringAnEmptyFileToThePresentVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "empty.db")
	must(t, os.WriteFile(path, nil, 0o600))
	r := connect(path)
	defer r.Close()
	must(t, r.migrate(context.Background()))
	exerciseAdd(t, r)
	var id, version, tables int
	must(t, r.db.QueryRow(`PRAGMA application_id`).Scan(&id))
	must(t, r.db.QueryRow(`PRAGMA user_version`).Scan(&version))
	must(t, r.db.QueryRow(`SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`).Scan(&tables))
	if id != 0x43435247 || version != 6 || tables != 9 {
		t.Errorf("application %x, version %d, %d tables", id, version, tables)
	}
	must(t, r.migrate(context.Background())) // once more changes nothing
}

// A register as version 1 left it: an order that is open, with the digest that version 1 gave it, and one issued.
func TestARegisterOfVersion1IsMigrated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "register.db")
	must(t, os.WriteFile(path, nil, 0o600))
	old := connect(path)
	must(t, old.write(context.Background(), func(tx *sql.Tx) error {
		return old.run(context.Background(), tx, "sqlite/0001_register.sql", 1)
	}))
	for id, o := range []Order{sample("000200000001"), sample("000200000002")} {
		_, err := old.db.Exec(`INSERT INTO orders (id, number, form, profile, date_of_issue, date_of_expiry, digest, state, chip_id, card, created, changed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)`, id+1, o.Number, o.Form, o.Profile, o.DateOfIssue.String(),
			o.DateOfExpiry.String(), "80b621f4fdd4046857235b51592376f4d5985875f2dd235eb419f8e0bf1099a1", []State{Ordered, Issued}[id],
			[]any{nil, "chip-1"}[id], []any{nil, CardActive}[id], stamp(noon))
		must(t, err)
		_, err = old.db.Exec(`INSERT INTO records (order_id, record, chip, face) VALUES ($1, $2, $3, $4)`, id+1, o.Record, o.Chip, o.Face)
		must(t, err)
	}
	must(t, old.Close())

	r := open(t, path)
	var version int
	must(t, r.db.QueryRow(`PRAGMA user_version`).Scan(&version))
	if version != 6 {
		t.Errorf("version %d", version)
	}
	same := sample("000200000001")
	same.Fingerprints = nil
	o, there, err := r.Add(context.Background(), same, noon)
	if err != nil || !there || o.ID != 1 || o.State != Ordered || o.Fingerprints != nil || !bytes.Equal(o.Chip, same.Chip) {
		t.Errorf("the order of version 1: %+v, %v, %v", o, there, err)
	}
	drive(t, r, 1, "chip-2", Issued)
	if o, err := r.Order(context.Background(), 2); err != nil || o.State != Issued || o.Card != CardActive || o.Fingerprints != nil {
		t.Errorf("the card of version 1: %+v, %v", o, err)
	}
	exerciseFingerprints(t, r)
	exercisePaper(t, r)
	var adrift int
	must(t, r.db.QueryRow(`SELECT count(*) FROM pragma_foreign_key_check`).Scan(&adrift))
	if adrift != 0 {
		t.Errorf("%d rows refer to no order", adrift)
	}
	for name, statement := range map[string]string{
		"a card printed without its chip": `INSERT INTO orders (number, form, profile, date_of_issue, date_of_expiry, digest, state, created, changed) VALUES ('1', 'f', 'p', '', '', '', 'printed', '', '')`,
		"paper with a verified chip":      `INSERT INTO orders (number, form, profile, date_of_issue, date_of_expiry, digest, state, created, changed) VALUES ('1', 'f', '', '', '', '', 'verified', '', '')`,
		"another order with a live card":  `INSERT INTO orders (number, form, profile, date_of_issue, date_of_expiry, digest, state, created, changed) VALUES ('000200000002', 'f', 'p', '', '', '', 'ordered', '', '')`,
		"an order of a chip that is used": `INSERT INTO orders (number, form, profile, date_of_issue, date_of_expiry, digest, state, chip_id, created, changed) VALUES ('1', 'f', 'p', '', '', '', 'signed', 'chip-1', '', '')`,
		"an order deleted":                `DELETE FROM orders WHERE id = 2`,
	} {
		if _, err := r.db.Exec(statement); err == nil {
			t.Errorf("the database took %s", name)
		}
	}
}

func TestMigrationsAreNumberedWithoutGap(t *testing.T) {
	files, err := fs.Glob(migrations, "sqlite/*.sql")
	must(t, err)
	for i, f := range files {
		if !strings.HasPrefix(f, fmt.Sprintf("sqlite/%04d_", i+1)) {
			t.Errorf("migration %d is %s", i+1, f)
		}
	}
}

func TestTheEngineIsSetUpAsMeant(t *testing.T) {
	r := create(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1",
		"secure_delete": "1", "busy_timeout": "5000"} {
		var got string
		must(t, r.db.QueryRow("PRAGMA "+pragma).Scan(&got))
		if got != want {
			t.Errorf("%s is %s, want %s", pragma, got, want)
		}
	}
}

func TestOnlyTheOwnerMayReadTheFiles(t *testing.T) {
	r := create(t)
	add(t, r, "000200000001")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(r.path + suffix)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("register%s has mode %v", suffix, info.Mode())
		}
	}
}

func TestCreateLeavesNothingElseBehind(t *testing.T) {
	dir := t.TempDir()
	must(t, Create(filepath.Join(dir, "register.db")))
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != 1 || entries[0].Name() != "register.db" {
		t.Errorf("the folder holds %v", entries)
	}
}

func TestCreateDoesNotTouchAFileThatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "register.db")
	must(t, os.WriteFile(path, []byte("precious"), 0o644))
	wants(t, Create(path), ErrExists, path)
	if got, _ := os.ReadFile(path); string(got) != "precious" {
		t.Errorf("the file now holds %q", got)
	}
}

func TestOpenOfAMissingFileMakesNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.db")
	_, err := Open(context.Background(), path)
	wants(t, err, fs.ErrNotExist, path)
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was made")
	}
}

func TestAFileThatIsNoRegisterIsRefusedAndLeftAlone(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "other.db"))
	must(t, err)
	_, err = db.Exec(`CREATE TABLE orders (id INTEGER)`)
	must(t, errors.Join(err, db.Close()))
	must(t, os.WriteFile(filepath.Join(dir, "empty.db"), nil, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "text.db"), []byte(strings.Repeat("not a database ", 20)), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "short.db"), []byte("SQLite format 3\x00"), 0o600))
	for _, name := range []string{"other.db", "empty.db", "text.db", "short.db"} {
		path := filepath.Join(dir, name)
		before, err := os.ReadFile(path)
		must(t, err)
		_, err = Open(context.Background(), path)
		wants(t, err, ErrNotRegister, path)
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Errorf("%s was changed", name)
		}
	}
	_, err = Open(context.Background(), dir)
	wants(t, err, ErrNotRegister)
	if entries, _ := os.ReadDir(dir); len(entries) != 4 {
		t.Errorf("files were made: %v", entries)
	}
}

func TestANewerRegisterIsRefused(t *testing.T) {
	r := create(t)
	_, err := r.db.Exec(`PRAGMA user_version = 77`)
	must(t, errors.Join(err, r.Close()))
	_, err = Open(context.Background(), r.path)
	wants(t, err, ErrNewer, "version 77", "knows 6")
}

func TestADamagedRegisterGivesAnError(t *testing.T) {
	r := create(t)
	id := add(t, r, "000200000001")
	must(t, r.Close())
	whole, err := os.ReadFile(r.path)
	must(t, err)
	for at := 4096; at < len(whole); at += 4096 { // each page but the first in turn
		damaged := bytes.Clone(whole)
		copy(damaged[at:], bytes.Repeat([]byte{0xA5}, 4096))
		path := filepath.Join(t.TempDir(), "damaged.db")
		must(t, os.WriteFile(path, damaged, 0o600))
		r, err := Open(context.Background(), path)
		if err == nil {
			_, err = r.Order(context.Background(), id)
			_, err2 := r.History(context.Background(), id)
			_, _, err3 := r.Add(context.Background(), sample("000200000002"), noon)
			err = errors.Join(err, err2, err3)
			r.Close()
		}
		if err != nil && !errors.Is(err, ErrNotRegister) {
			t.Errorf("page at %d: %v", at, err)
		}
	}
}

func TestPathsAreTakenLiterally(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{"plain.db", "a b?mode=memory#c%41&.db", "./thẻ căn cước.db", "file:x.db"} {
		must(t, Create(path))
		r, err := Open(context.Background(), path)
		must(t, err)
		add(t, r, "000200000001")
		must(t, r.Close())
		if info, err := os.Stat(path); err != nil || info.Size() < 4096 {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestHistoryAndRecordsCannotBeRewritten(t *testing.T) {
	r := create(t)
	id := add(t, r, "000200000001")
	_, err := r.UseKey(context.Background(), "key", 0, noon)
	must(t, err)
	for _, text := range []string{
		`UPDATE history SET actor = 'nobody'`, `DELETE FROM history`, `DELETE FROM orders`, `UPDATE records SET record = x'00'`,
		`UPDATE fingerprints SET dg3 = x'00'`, `UPDATE keys SET uses = 1`, `UPDATE keys SET key = 'another', uses = 9`, `DELETE FROM keys`,
	} {
		if _, err := r.db.Exec(text); err == nil {
			t.Errorf("the database let it pass: %s", text)
		}
	}
	if history, err := r.History(context.Background(), id); err != nil || len(history) != 1 || history[0].Actor != "intake" {
		t.Errorf("history %+v, %v", history, err)
	}
}

func TestSecretsOfAnIssuedCardAreOnNoFileAnyMore(t *testing.T) {
	r := create(t)
	keys, fingers := []byte("KEYS-OF-THE-CHIP"), []byte("FINGERS of 000200000001")
	o := sample("000200000001")
	o.Fingerprints = bytes.Repeat(fingers, 1000)
	o, _, err := r.Add(context.Background(), o, noon)
	must(t, err)
	drive(t, r, o.ID, "chip-1", Signed)
	if !onFile(t, r, keys) || !onFile(t, r, fingers) {
		t.Fatal("the keys or fingerprints are nowhere even before: this test cannot fail")
	}
	drive(t, r, o.ID, "chip-1", Issued)
	if onFile(t, r, keys) {
		t.Error("the keys are still there after the card was issued")
	}
	if onFile(t, r, fingers) {
		t.Error("the fingerprints are still there after the card was issued")
	}
	var patience int
	if err := r.db.QueryRow(`PRAGMA busy_timeout`).Scan(&patience); err != nil || patience != 5000 {
		t.Errorf("afterwards the register waits %d ms for others, %v", patience, err)
	}
}

func TestFingerprintsOfACancelledOrderAreOnNoFileAnyMore(t *testing.T) {
	r := create(t)
	fingers := []byte("FINGERS of 000200000001")
	id := add(t, r, "000200000001")
	if !onFile(t, r, fingers) {
		t.Fatal("the fingerprints are nowhere even before: this test cannot fail")
	}
	must(t, r.Cancel(context.Background(), id, "withdrawn", "officer", later(1)))
	if onFile(t, r, fingers) {
		t.Error("the fingerprints are still there after the order was cancelled")
	}
}

func onFile(t *testing.T, r *Register, secret []byte) bool {
	t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(r.path + suffix)
		must(t, err)
		if bytes.Contains(content, secret) {
			return true
		}
	}
	return false
}

func TestALockedRegisterIsBusy(t *testing.T) {
	r := create(t)
	other := open(t, r.path)
	id := add(t, r, "000200000001")
	tx, err := other.db.Begin()
	must(t, err)
	_, err = r.db.Exec(`PRAGMA busy_timeout = 20`)
	must(t, err)
	wants(t, r.Advance(context.Background(), id, Step{From: Ordered, To: Checked}), ErrBusy, "try again")
	must(t, tx.Rollback())
	must(t, r.Advance(context.Background(), id, Step{From: Ordered, To: Checked}))
}

func TestACancelledContextChangesNothing(t *testing.T) {
	r := create(t)
	id := add(t, r, "000200000001")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	wants(t, r.Advance(ctx, id, Step{From: Ordered, To: Checked}), context.Canceled)
	if o, err := r.Order(context.Background(), id); err != nil || o.State != Ordered {
		t.Errorf("%+v, %v", o, err)
	}
}

// Two handles on one file stand for two processes here; the real processes are in crash_test.go.
func TestOfTwoAtOnceOneWins(t *testing.T) {
	one := create(t)
	two := open(t, one.path)
	both := func(do func(r *Register, i int) error) (errs [2]error) {
		var wg sync.WaitGroup
		for i, r := range []*Register{one, two} {
			wg.Go(func() { errs[i] = do(r, i) })
		}
		wg.Wait()
		return errs
	}
	for n := range 10 {
		number := fmt.Sprintf("0002000001%02d", n)
		oneWins(t, ErrLiveCard, both(func(r *Register, i int) error {
			o := sample(number)
			o.Record = fmt.Appendf(nil, `{"i":%d}`, i)
			_, _, err := r.Add(context.Background(), o, noon)
			return err
		}))
		ids := [2]int64{add(t, one, number+"1"), add(t, one, number+"2")}
		for _, id := range ids {
			drive(t, one, id, "", Signed)
		}
		oneWins(t, ErrChipTaken, both(func(r *Register, i int) error {
			return r.Intend(context.Background(), ids[i], "chip-"+number, noon)
		}))
		id := add(t, one, number+"3")
		drive(t, one, id, "", Signed)
		oneWins(t, ErrOtherChip, both(func(r *Register, i int) error {
			return r.Intend(context.Background(), id, fmt.Sprintf("chip-%s-%d", number, i), noon)
		}))
	}
}

func oneWins(t *testing.T, loses error, errs [2]error) {
	t.Helper()
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs[:]...), loses) {
		t.Errorf("one should win, the other lose with %q: %v", loses, errs)
	}
}
