package register

import (
	"context"
	"database/sql"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// migrations are numbered from 0001; a register's version is the number of the last one that it has been through.
//
//go:embed sqlite/*.sql
var migrations embed.FS

// applicationID marks a SQLite file as a register: "CCRG", in the file's header at offset 68.
const applicationID = 0x43435247

// Create makes an empty register at path, readable by its owner only. A file that is there already is [ErrExists]. The
// file is made complete under another name first, so a Create that is cut short leaves none at path.
func Create(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%w: %s", ErrExists, path)
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".new-*-"+filepath.Base(path))
	if err != nil {
		return storage(path, err)
	}
	defer removeAll(draft.Name())
	if err := draft.Close(); err != nil {
		return storage(path, err)
	}
	r := connect(draft.Name())
	r.path = path
	if err := errors.Join(r.migrate(context.Background()), r.Close()); err != nil {
		return err
	}
	return publish(draft.Name(), path)
}

// publish gives the finished file its name, unless another process was quicker.
func publish(draft, path string) error {
	if err := os.Link(draft, path); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s", ErrExists, path)
	} else if err != nil { // a file system without links
		if err := os.Rename(draft, path); err != nil {
			return storage(path, err)
		}
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return storage(path, err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return storage(path, err)
	}
	return nil
}

func removeAll(draft string) {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		os.Remove(draft + suffix)
	}
}

// Open opens the register at path and brings it to the present version. A missing file is fs.ErrNotExist, a file that
// is no register [ErrNotRegister]; neither is made or changed.
func Open(ctx context.Context, path string) (*Register, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	if err := inspect(path); err != nil {
		return nil, err
	}
	r := connect(path)
	if err := r.migrate(ctx); err != nil {
		r.db.Close()
		return nil, err
	}
	return r, nil
}

// inspect reads the header of the file, before SQLite may touch it.
func inspect(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("register: there is none at %s: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	defer f.Close()
	var header [100]byte
	_, err = io.ReadFull(f, header[:])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		string(header[:16]) != "SQLite format 3\x00" || binary.BigEndian.Uint32(header[68:]) != applicationID {
		return fmt.Errorf("%w: %s", ErrNotRegister, path)
	}
	if err != nil {
		return fmt.Errorf("register: read %s: %w", path, err)
	}
	return nil
}

// connect opens no file yet. One connection: SQLite has one writer anyway, and turns are then taken in fair order.
func connect(path string) *Register {
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		panic(err) // the driver is linked in, so its name is known
	}
	db.SetMaxOpenConns(1)
	return &Register{db: db, path: path}
}

// dsn takes an absolute path and is in the syntax of modernc.org/sqlite, which passes over what it does not know. FULL syncs each commit to the
// disk; secure_delete overwrites what is deleted, which production data and fingerprints need.
func dsn(path string) string {
	u := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: url.Values{
		"mode":    {"rw"},
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "secure_delete(1)"},
	}.Encode()}
	return u.String()
}

// migrate brings the register to the present version, in one transaction.
func (r *Register) migrate(ctx context.Context) error {
	files, err := fs.Glob(migrations, "sqlite/*.sql") // in order of their numbers
	if err != nil {
		return err
	}
	version, err := r.version(ctx, r.db)
	if err != nil || version == len(files) {
		return r.explain(err)
	}
	if version > len(files) {
		return fmt.Errorf("%w: %s is of version %d, this program knows %d", ErrNewer, r.path, version, len(files))
	}
	return r.write(ctx, func(tx *sql.Tx) error {
		version, err := r.version(ctx, tx) // another process may have been quicker: then there is nothing to do
		for ; err == nil && version < len(files); version++ {
			err = r.run(ctx, tx, files[version], version+1)
		}
		return err
	})
}

func (r *Register) version(ctx context.Context, q querier) (version int, err error) {
	err = q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, err
}

func (r *Register) run(ctx context.Context, tx *sql.Tx, file string, version int) error {
	text, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, string(text)); err != nil {
		return fmt.Errorf("migration %s: %w", file, err)
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, version))
	return err
}

// emptyLog moves the write-ahead log into the file and cuts it to nothing. It does not wait long: while another process
// reads, the log stays for the next time.
func (r *Register) emptyLog(ctx context.Context) {
	_, _ = r.db.ExecContext(context.WithoutCancel(ctx),
		"PRAGMA busy_timeout = 200; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = 5000")
}

// explain tells what the engine's error means for whoever runs the program.
func (r *Register) explain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xFF {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR:
		return storage(r.path, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w: %s (%w)", ErrBusy, r.path, err)
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%w, or a damaged one: %s (%w)", ErrNotRegister, r.path, err)
	case sqlite3.SQLITE_CONSTRAINT:
		return constraint(err, e.Code())
	}
	return fmt.Errorf("register: %w", err)
}

// constraint: of the unique indexes that a step can meet, only that of the chip is met without a fault of the program; Add
// has its own way for the number.
func constraint(err error, code int) error {
	if code == sqlite3.SQLITE_CONSTRAINT_UNIQUE && !strings.Contains(err.Error(), "history.key") {
		return fmt.Errorf("%w (%w)", ErrChipTaken, err)
	}
	return fmt.Errorf("%w (%w)", ErrStep, err)
}

func storage(path string, err error) error {
	return fmt.Errorf("%w %s: disk full or read-only (%w)", ErrStorage, path, err)
}
