package spool

import (
	"context"
	"errors"
	"os/exec"
	"strings"
)

// Ready asks whether the queue is there, runs and takes jobs.
func (p Printer) Ready(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	if err := p.running(ctx); err != nil {
		return err
	}
	said, err := p.ask(ctx, "-p", p.Queue, "-a", p.Queue)
	switch {
	case err != nil && strings.Contains(said, "Invalid destination"):
		return &Error{ErrNoQueue, p.Queue, "lpstat -e (lists the queues; then set printers.queue in station.toml)"}
	case err != nil:
		return err
	}
	if reason, stopped := complaint(said, "printer "+p.Queue+" disabled since"); stopped {
		return &Error{ErrStopped, p.Queue + reason, p.command("cupsenable")}
	}
	if reason, closed := complaint(said, p.Queue+" not accepting requests since"); closed {
		return &Error{ErrRejecting, p.Queue + reason, p.command("cupsaccept")}
	}
	return nil
}

// running asks whether there is a server, which lpstat tells on its standard output.
func (p Printer) running(ctx context.Context) error {
	said, err := p.ask(ctx, "-r")
	if err != nil {
		return err
	}
	if !strings.Contains(said, "scheduler is running") {
		where := "on this machine"
		if p.Server != "" {
			where = p.Server
		}
		return &Error{ErrNoServer, where, "systemctl start cups"}
	}
	return nil
}

// ask runs lpstat. When it fails, what it said is in the error and answered too.
func (p Printer) ask(ctx context.Context, args ...string) (string, error) {
	said, err := run(ctx, p.program(p.lpstat(), args...))
	var exit *exec.ExitError
	switch {
	case err == nil || errors.Is(err, ErrNoProgram):
		return said, err
	case ctx.Err() != nil || !errors.As(err, &exit):
		return "", &Error{Kind: ErrNoServer, Detail: "lpstat did not end in time"}
	}
	return said, &Error{Kind: ErrNoServer, Detail: firstLine(strings.TrimPrefix(said, "lpstat: "))}
}

// complaint finds the line that begins so, and the reason that the server's operator gave, on the line below it.
func complaint(said, begin string) (reason string, found bool) {
	lines := strings.Split(said, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, begin) {
			continue
		}
		if i+1 < len(lines) && strings.HasPrefix(lines[i+1], "\t") {
			reason = ": " + strings.TrimSpace(lines[i+1])
		}
		return reason, true
	}
	return "", false
}

// command is a command of the administrator's about the queue.
func (p Printer) command(name string) string {
	return strings.Join(p.program(name, p.Queue), " ")
}

// Progress is how far a job has come.
type Progress string

// How far a job can have come.
const (
	Waiting Progress = "waiting" // in the queue: not printed, or not to its end
	Gone    Progress = "gone"    // out of the queue: given to the printer's backend, or cancelled
	Unknown Progress = "unknown" // the server knows no such job, or no longer
)

// JobState is what the server says of a job.
type JobState struct {
	Progress Progress
	Message  string // the printer's last message about it, and that it was cancelled or aborted; empty for none
}

// State asks how far a job of the queue has come. That it is gone proves no card: the server may list a job that the
// printer took, one that was cancelled and one that failed alike. It lists 500 jobs of each kind, as CUPS is configured.
func (p Printer) State(ctx context.Context, job Job) (JobState, error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	if err := p.running(ctx); err != nil {
		return JobState{}, err
	}
	for _, try := range []struct {
		which    string
		progress Progress
	}{{"not-completed", Waiting}, {"completed", Gone}} {
		said, err := p.ask(ctx, "-l", "-W", try.which, "-o", p.Queue)
		if err != nil {
			if strings.Contains(said, "Invalid destination") {
				err = &Error{Kind: ErrNoQueue, Detail: p.Queue}
			}
			return JobState{}, err
		}
		if message, listed := findJob(said, job); listed {
			return JobState{try.progress, message}, nil
		}
	}
	return JobState{Progress: Unknown}, nil
}

// findJob looks for a job in a long list: its line begins with its name, and what is known of it follows indented.
func findJob(list string, job Job) (message string, found bool) {
	var said []string
	for line := range strings.Lines(list) {
		if !strings.HasPrefix(line, "\t") {
			if found {
				break
			}
			name, _, _ := strings.Cut(line, " ")
			found = Job(name) == job
		} else if found {
			said = append(said, remark(strings.TrimSpace(line))...)
		}
	}
	return strings.Join(said, "; "), found
}

// remark picks what an operator wants to know from a line about a job: the printer's last message, and of the reasons for
// the job's state (RFC 8011, section 5.3.8) those that it came to nothing.
func remark(line string) []string {
	if status, is := strings.CutPrefix(line, "Status:"); is && strings.TrimSpace(status) != "" {
		return []string{strings.TrimSpace(status)}
	}
	alerts, is := strings.CutPrefix(line, "Alerts:")
	if is && (strings.Contains(alerts, "cancel") || strings.Contains(alerts, "abort")) {
		return []string{strings.TrimSpace(alerts)}
	}
	return nil
}
