package main

import (
	"os"
	"os/exec"
	"path/filepath"
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

// storyRemount makes a small file system read-only: remount FOLDER ro.
func storyRemount(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(syscall.Mount("tmpfs", ts.MkAbs(args[0]), "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
}

// storyFill fills a file system to its last byte with a file named filler: fill FOLDER.
func storyFill(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.Create(filepath.Join(ts.MkAbs(args[0]), "filler"))
	ts.Check(err)
	defer f.Close()
	for _, size := range []int{4096, 1} {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		err = nil
	}
}
