package register

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// insideEnv names the folder that a test, run again in a mount namespace of its own, may mount over.
const insideEnv = "REGISTER_TEST_MOUNT"

// inNamespace runs the calling test again where it may mount, and answers the folder to mount on once it is there. On
// the outside it answers the empty text, with the test done.
func inNamespace(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv(insideEnv); dir != "" {
		return dir
	}
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), insideEnv+"="+t.TempDir(), "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) || bytes.Contains(out, []byte("--- SKIP")):
		if bytes.Contains(out, []byte("--- SKIP")) && os.Getenv("CI") == "" {
			t.Skipf("may not mount here:\n%s", out)
		}
		t.Fatalf("inside the namespace:\n%s", out)
	case err != nil && os.Getenv("CI") != "":
		t.Fatal(err)
	case err != nil:
		t.Skipf("no mount namespace here: %v", err)
	}
	return ""
}

func mount(t *testing.T, dir string, flags uintptr, options string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, options); err != nil {
		t.Skipf("mount: %v", err)
	}
}

func TestAFullDiskLosesNothing(t *testing.T) {
	dir := inNamespace(t)
	if dir == "" {
		return
	}
	mount(t, dir, 0, "size=1536k")
	path := filepath.Join(dir, "register.db")
	must(t, Create(path))
	r := open(t, path)
	added := fillUp(t, r)
	moved := stepAll(t, r, added)
	wants(t, Create(filepath.Join(dir, "second.db")), ErrStorage, "disk full or read-only")
	if _, err := os.Stat(filepath.Join(dir, "second.db")); err == nil {
		t.Error("half a register was left behind")
	}
	standAs(t, r, added, moved)
	must(t, r.Close())

	mount(t, dir, syscall.MS_REMOUNT, "size=8m") // somebody makes room
	r = open(t, path)
	standAs(t, r, added, moved)
	consistent(t, r, nil)
	drive(t, r, added[0], "chip-1", Issued)
	add(t, r, "000200009999")
	t.Logf("%d orders fitted, %d could still be checked", len(added), moved)
}

// fillUp adds orders until the disk is full.
func fillUp(t *testing.T, r *Register) (added []int64) {
	t.Helper()
	for n := range 1000 {
		o := sample(fmt.Sprintf("00020000%04d", n))
		o.Chip = bytes.Repeat([]byte{0xFF}, 20_000)
		o, _, err := r.Add(context.Background(), o, noon)
		if err != nil {
			wants(t, err, ErrStorage, "register: cannot write "+r.path, "disk full or read-only")
			return added
		}
		added = append(added, o.ID)
	}
	t.Fatal("the disk is never full")
	return nil
}

// stepAll checks as many orders as still goes, and answers how many.
func stepAll(t *testing.T, r *Register, ids []int64) (moved int) {
	t.Helper()
	for _, id := range ids {
		err := r.Advance(context.Background(), id, Step{From: Ordered, To: Checked, At: later(1), Detail: string(bytes.Repeat([]byte("x"), 9000))})
		if err != nil {
			wants(t, err, ErrStorage)
			return moved
		}
		moved++
	}
	t.Fatal("every step fitted onto a full disk")
	return 0
}

// standAs demands that the orders are all there and the first so many of them checked.
func standAs(t *testing.T, r *Register, ids []int64, checked int) {
	t.Helper()
	n := 0
	for s, err := range r.Orders(context.Background(), Filter{}) {
		must(t, err)
		want := Ordered
		if n < checked {
			want = Checked
		}
		if s.ID != ids[n] || s.State != want {
			t.Errorf("order %d is %s, want order %d %s", s.ID, s.State, ids[n], want)
		}
		agrees(t, r, s)
		n++
	}
	if n != len(ids) {
		t.Errorf("%d orders, want %d", n, len(ids))
	}
}

func TestAReadOnlyDiskIsSaidAndLosesNothing(t *testing.T) {
	dir := inNamespace(t)
	if dir == "" {
		return
	}
	mount(t, dir, 0, "size=8m")
	path := filepath.Join(dir, "register.db")
	must(t, Create(path))
	r := open(t, path)
	id := add(t, r, "000200000001")
	must(t, r.Close())
	mount(t, dir, syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
	wants(t, Create(filepath.Join(dir, "second.db")), ErrStorage, "disk full or read-only")
	r, err := Open(context.Background(), path)
	if err == nil {
		err = r.Advance(context.Background(), id, Step{From: Ordered, To: Checked})
		r.Close()
	}
	wants(t, err, ErrStorage, "register: cannot write "+path+": disk full or read-only")
	mount(t, dir, syscall.MS_REMOUNT, "")
	r = open(t, path)
	consistent(t, r, nil)
	drive(t, r, id, "chip-1", Issued)
}
