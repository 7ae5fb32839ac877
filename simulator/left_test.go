package simulator

import (
	"os"
	"path/filepath"
	"testing"
)

// A process that was killed between making a card file and removing the name under which it wrote it leaves a card that the
// next one can use.
func TestCardFileLeftUnderTwoNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "card.sim")
	made, err := Create(path, blank(t))
	if err != nil {
		t.Fatal(err)
	}
	made.Close()
	if err := os.Link(path, made.next()); err != nil {
		t.Fatal(err)
	}
	store, s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	s.Failures = 7
	if err := store.Save(s); err != nil {
		t.Fatal(err)
	}
	store.Close()
	if again, s, err := Open(path); err != nil || s.Failures != 7 {
		t.Errorf("%d failures, %v", s.Failures, err)
	} else {
		again.Close()
	}
}
