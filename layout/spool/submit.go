package spool

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Job is a job in a queue, as lp names it: "CARD-12".
type Job string

// patience is how long lp or lpstat may take. A queue takes a card's file in milliseconds.
const patience = 30 * time.Second

// Command gives the command line that hands a file to the queue, one copy without a banner and not scaled. The title is
// what anyone sees who lists the queue.
func (p Printer) Command(file, title string) []string {
	argv := p.program(p.lp(), "-d", p.Queue, "-t", title, "-n", "1", "-o", "job-sheets=none", "-o", "print-scaling=none")
	if p.Width != 0 {
		argv = append(argv, "-o", "media=Custom."+millimetres(p.Width)+"x"+millimetres(p.Height)+"mm")
	}
	if sides := p.Sides.keyword(); sides != "" {
		argv = append(argv, "-o", "sides="+sides)
	}
	for _, o := range p.Options {
		argv = append(argv, "-o", o)
	}
	return append(argv, "--", file)
}

func millimetres(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// program begins a command line; the server stands before all else, since what follows may ask it.
func (p Printer) program(name string, args ...string) []string {
	argv := []string{name}
	if p.Server != "" {
		argv = append(argv, "-h", p.Server)
	}
	return append(argv, args...)
}

func (p Printer) lp() string {
	if p.LP == "" {
		return "lp"
	}
	return p.LP
}

// lpstat is the one beside lp.
func (p Printer) lpstat() string {
	if !strings.ContainsRune(p.LP, filepath.Separator) {
		return "lpstat"
	}
	return filepath.Join(filepath.Dir(p.LP), "lpstat")
}

// requestID matches what lp says of a job that the queue has taken.
var requestID = regexp.MustCompile(`(?m)^request id is (\S+-[0-9]+) `)

// Submit hands a file to the queue. [ErrUncertain] when lp did not come to an end in time, or lost the server on the
// way: then the job may be in the queue all the same. With any other error it is not.
func (p Printer) Submit(ctx context.Context, file, title string) (Job, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	said, err := run(ctx, p.Command(file, title))
	if err == nil {
		if found := requestID.FindStringSubmatch(said); found != nil {
			return Job(found[1]), nil
		}
		return "", &Error{Kind: ErrUncertain, Detail: p.Queue + ": lp named no job: " + firstLine(said)}
	}
	var exit *exec.ExitError
	switch {
	case errors.Is(err, ErrNoProgram):
		return "", err
	case ctx.Err() != nil || !errors.As(err, &exit):
		return "", &Error{Kind: ErrUncertain, Detail: p.Queue + ": lp did not end in time"}
	}
	return "", p.refusal(ctx, said)
}

// refusal explains why lp has failed. lp looks for the queue before it sends anything, and takes back a job that it
// could not send whole; only where the server is gone it cannot.
func (p Printer) refusal(ctx context.Context, said string) error {
	said = firstLine(strings.TrimPrefix(strings.TrimPrefix(said, "lp: "), "Error - "))
	lookedUp := strings.Contains(said, "does not exist") || strings.Contains(said, "not accepting jobs")
	err := p.Ready(ctx)
	switch {
	case err == nil || errors.Is(err, ErrStopped):
		return &Error{Kind: ErrRefused, Detail: p.Queue + ": " + said}
	case lookedUp || errors.Is(err, ErrNoQueue) || errors.Is(err, ErrRejecting):
		return err
	}
	return &Error{Kind: ErrUncertain, Detail: p.Queue + ": " + said}
}

// run runs a program of CUPS in the language of the standard, so that what it says can be read, and gives that: on
// success its output, else its complaint. It is in a session of its own: an interrupt typed at the terminal does not
// reach it half way through a job, and it can ask nobody for a password.
func run(ctx context.Context, argv []string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "LANG=C", "LANGUAGE=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var out, complaint bounded
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return "", &Error{Kind: ErrNoProgram, Detail: argv[0], Mend: "apt-get install cups-client"}
	}
	if err != nil {
		return complaint.String(), err
	}
	return out.String(), nil
}

// bounded keeps the first few megabytes of what it is given: the list of a queue with ten thousand jobs.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	const most = 4 << 20
	b.Buffer.Write(p[:min(len(p), max(0, most-b.Len()))])
	return len(p), nil
}

// firstLine gives one line of what a program said.
func firstLine(said string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	return line
}
