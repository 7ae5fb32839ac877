package main

import (
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// storyAwait runs a command until its output holds a text: await 'card, ATR' cancuoc readers.
func storyAwait(ts *testscript.TestScript, _ bool, args []string) {
	for range 100 {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%q did not come", args[0])
}

// storyTmpfs mounts a small file system: tmpfs FOLDER SIZE. Only root can.
func storyTmpfs(ts *testscript.TestScript, _ bool, args []string) {
	folder := ts.MkAbs(args[0])
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size="+args[1]); err != nil {
		ts.Fatalf("mount: %v", err)
	}
	ts.Defer(func() { exec.Command("umount", "-l", folder).Run() })
}

// storyUmount takes the small file system away, or makes it read-only: umount FOLDER [ro].
func storyUmount(ts *testscript.TestScript, _ bool, args []string) {
	folder := ts.MkAbs(args[0])
	if len(args) > 1 {
		ts.Check(syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
		return
	}
	ts.Check(syscall.Unmount(folder, syscall.MNT_DETACH))
}
