package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// What pcscd keeps in the namespace of a story.
const (
	pcscdPID    = "/run/pcscd/pcscd.pid"
	pcscdSocket = "/run/pcscd/pcscd.comm"
)

// storyPCSCD does to the namespace's pcscd what happens to one: pcscd kill, stop (it hangs), cont, start [FOLDER WITH ITS
// CONFIGURATION].
func storyPCSCD(ts *testscript.TestScript, _ bool, args []string) {
	if os.Getenv(insideNamespace) == "" {
		ts.Fatalf("only a pcscd of our own is killed")
	}
	switch args[0] {
	case "kill":
		signalPCSCD(ts, syscall.SIGKILL)
	case "stop":
		signalPCSCD(ts, syscall.SIGSTOP)
	case "cont":
		signalPCSCD(ts, syscall.SIGCONT)
	case "start":
		startPCSCD(ts, args[1:])
	default:
		ts.Fatalf("pcscd %s?", args[0])
	}
}

func signalPCSCD(ts *testscript.TestScript, signal syscall.Signal) {
	b, err := os.ReadFile(pcscdPID)
	ts.Check(err)
	pid, err := strconv.Atoi(strings.Trim(string(b), "\n\x00"))
	ts.Check(err)
	ts.Check(syscall.Kill(pid, signal))
	for range 100 {
		stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if signal != syscall.SIGKILL || err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("pcscd does not die")
}

func startPCSCD(ts *testscript.TestScript, config []string) {
	args := []string{"--foreground"}
	for _, folder := range config {
		args = append(args, "-c", ts.MkAbs(folder))
	}
	cmd := exec.Command("pcscd", args...)
	ts.Check(cmd.Start())
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	ts.Defer(func() {
		cmd.Process.Kill()
		<-ended
	})
	for range 200 {
		conn, err := net.Dial("unix", pcscdSocket)
		if err == nil {
			conn.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("pcscd does not start")
}
