package regular

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
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
