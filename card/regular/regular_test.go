package regular

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestWhatIsNoRegularFile(t *testing.T) {
	folder := t.TempDir()
	pipe := filepath.Join(folder, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, folder, "/dev/zero", filepath.Join(folder, "nowhere")} {
		if f, err := Open(path); err == nil {
			f.Close()
			t.Errorf("%s was opened", path)
		}
	}
	if f, err := OpenIn(folder, "pipe"); err == nil {
		f.Close()
		t.Error("a pipe was opened in its folder")
	}
}

func TestPathsStayInTheirFolder(t *testing.T) {
	outside, folder := t.TempDir(), t.TempDir()
	for _, path := range []string{filepath.Join(outside, "secret"), filepath.Join(folder, "portrait")} {
		if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"../" + filepath.Base(outside) + "/secret", filepath.Join(outside, "secret"), "link", ""} {
		if f, err := OpenIn(folder, path); err == nil {
			f.Close()
			t.Errorf("%q was opened", path)
		}
	}
	f, err := OpenIn(folder, "./portrait")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || string(b) != "content" {
		t.Errorf("%q, %v", b, err)
	}
}

func ExampleOpen() {
	_, err := Open("/dev/zero")
	fmt.Println(err)
	// Output: "/dev/zero" is not a regular file
}

// What lies where a file is written first may be another's trap in a folder that many can write to: a link to one of our
// files, a pipe that nobody reads, a file that everybody may.
func TestWriteFileFallsIntoNoTrap(t *testing.T) {
	for name, lay := range map[string]func(trap, precious string) error{
		"a symbolic link": func(trap, precious string) error { return os.Symlink(precious, trap) },
		"a hard link":     func(trap, precious string) error { return os.Link(precious, trap) },
		"a pipe":          func(trap, _ string) error { return syscall.Mkfifo(trap, 0o600) },
		"an open file": func(trap, _ string) error {
			return errors.Join(os.WriteFile(trap, []byte("before"), 0o600), os.Chmod(trap, 0o666))
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			precious, path := filepath.Join(folder, "precious"), filepath.Join(folder, "card.pdf")
			err := errors.Join(os.WriteFile(precious, []byte("kept"), 0o600), lay(filepath.Join(folder, ".card.pdf.new"), precious))
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() {
				done <- WriteFile(path, func(w io.Writer) error { _, err := w.Write([]byte("a face")); return err })
			}()
			select {
			case err = <-done:
			case <-time.After(5 * time.Second):
				t.Fatal("it waits for ever")
			}
			kept, _ := os.ReadFile(precious)
			written, _ := os.ReadFile(path)
			info, statErr := os.Lstat(path)
			if err != nil || statErr != nil || string(kept) != "kept" || string(written) != "a face" || info.Mode() != 0o600 {
				t.Errorf("%v, %v, %q, %q, %v", err, statErr, kept, written, info)
			}
		})
	}
}

func TestReadFileHasABound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := ReadFile(path, 5); err != nil || string(b) != "12345" {
		t.Errorf("%q, %v", b, err)
	}
	if b, err := ReadFile(path, 4); !errors.Is(err, ErrLong) || b != nil || !strings.Contains(err.Error(), "is longer than 4 bytes") {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := ReadFile(filepath.Dir(path), 5); err == nil {
		t.Error("a folder was read")
	}
}
