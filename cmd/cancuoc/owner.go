package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// process names a process for ever: by its machine, the machine's boot, its number and the time of its start. A number
// alone is soon another process's.
type process struct {
	host, boot string
	pid        int
	start      string // in clock ticks after the boot; empty where the machine does not tell
}

func thisProcess() process {
	host, _ := os.Hostname()
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	start, _, _ := lifeOf(os.Getpid())
	return process{host, strings.TrimSpace(string(boot)), os.Getpid(), start}
}

func (p process) String() string {
	return strings.Join([]string{p.host, p.boot, strconv.Itoa(p.pid), p.start}, "/")
}

// aliveFor tells of the owners of claims, as the process p sees them, whether they may still run. Of other machines it
// cannot know.
func (p process) aliveFor(owner string) bool {
	parts := strings.Split(owner, "/")
	if len(parts) != 4 || parts[0] != p.host {
		return true
	}
	pid, err := strconv.Atoi(parts[2])
	if err != nil || parts[1] != p.boot {
		return err != nil
	}
	start, zombie, known := lifeOf(pid)
	if !known {
		return p.start == "" && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	}
	return start == parts[3] && !zombie
}

// lifeOf reads when a process began and whether it is dead and only not yet buried (proc(5), /proc/PID/stat).
func lifeOf(pid int) (start string, zombie, known bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false, false
	}
	after := strings.LastIndexByte(string(stat), ')') + 1 // the name in parentheses may hold anything
	fields := strings.Fields(string(stat)[after:])
	if len(fields) < 20 {
		return "", false, false
	}
	return fields[19], fields[0] == "Z", true
}
