package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cancuoc/cancuoc/card/regular"
)

// ErrInUse is answered when the card file is open already, in this process or another.
var ErrInUse = errors.New("simulator: the card file is in use: another program, or another slot, has it")

// Store keeps a chip's state in a card file: one JSON object, written whole and atomically after every command that
// changed it. While it is open no other process can open the same file.
type Store struct {
	path string
	held *os.File // the file as it stands, locked
}

// Create makes a card file with this state; it does not overwrite.
func Create(path string, s State) (*Store, error) {
	store := &Store{path: path}
	err := store.write(s, os.Link)
	os.Remove(store.next())
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("simulator: %s: %w", path, fs.ErrExist)
	}
	return store, err
}

// Open opens a card file and reads the state in it.
func Open(path string) (*Store, State, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, State{}, fmt.Errorf("simulator: %w", err)
	}
	store := &Store{path: path, held: f}
	s, err := store.read()
	if err != nil {
		f.Close()
		return nil, State{}, err
	}
	return store, s, nil
}

func (store *Store) read() (State, error) {
	if err := lock(store.held); err != nil {
		return State{}, err
	}
	if now, err := os.Stat(store.path); err != nil || !sameFile(now, store.held) {
		return State{}, ErrInUse // replaced by its holder between our open and our lock
	}
	b, err := io.ReadAll(io.LimitReader(store.held, maxStateFile+1))
	if err != nil {
		return State{}, fmt.Errorf("simulator: %w", err)
	}
	if len(b) > maxStateFile {
		return State{}, fmt.Errorf("simulator: %s is larger than any card file", store.path)
	}
	s, err := ParseState(b)
	if err != nil {
		return State{}, fmt.Errorf("%w: %s", err, store.path)
	}
	return s, nil
}

func sameFile(now os.FileInfo, held *os.File) bool {
	info, err := held.Stat()
	return err == nil && os.SameFile(now, info)
}

// lock takes a file for this process. It waits a moment for one that is just letting go: a killed process holds its
// files until its last thread is gone.
func lock(f *os.File) error {
	for range 20 {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		time.Sleep(25 * time.Millisecond)
	}
	return ErrInUse
}

// Save puts a new state in the place of the old one: after a power cut the file holds one or the other, whole.
func (store *Store) Save(s State) error { return store.write(s, os.Rename) }

// next is the file in which a new state is written before it takes the old one's place. Its name is always the same,
// so that what a killed process leaves is overwritten and does not pile up.
func (store *Store) next() string {
	return filepath.Join(filepath.Dir(store.path), "."+filepath.Base(store.path)+".new")
}

func (store *Store) write(s State, publish func(from, to string) error) error {
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return fmt.Errorf("simulator: encode the card file: %w", err)
	}
	// A process that was killed when it had published a new card file and not yet removed the name under which it wrote it
	// has left the very file that we hold under both.
	if left, err := os.Lstat(store.next()); err == nil && store.held != nil && sameFile(left, store.held) {
		os.Remove(store.next())
	}
	next, err := os.OpenFile(store.next(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("simulator: save the card file: %w", err)
	}
	if err := store.replace(next, b, publish); err != nil {
		next.Close()
		return fmt.Errorf("simulator: save the card file: %w", err)
	}
	return nil
}

func (store *Store) replace(next *os.File, b []byte, publish func(from, to string) error) error {
	if err := lock(next); err != nil {
		return err
	}
	err := next.Truncate(0)
	if err == nil {
		_, err = next.Write(b)
	}
	if err == nil {
		err = next.Sync()
	}
	if err == nil {
		err = publish(next.Name(), store.path)
	}
	if err != nil {
		os.Remove(next.Name())
		return err
	}
	store.Close()
	store.held = next
	return syncFolder(filepath.Dir(store.path))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Close lets go of the card file.
func (store *Store) Close() error {
	if store.held == nil {
		return nil
	}
	err := store.held.Close()
	store.held = nil
	return err
}
