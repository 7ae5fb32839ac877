package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/cancuoc/cancuoc/reader"
)

// judged is what came of one stored reading among many: a verdict, or why there is none.
type judged struct {
	Folder string `json:"folder"`
	*reader.Verdict
	Error string `json:"error,omitempty"`
}

// verifyMany judges many stored readings by one policy and tells of each as soon as those before it have been told of.
func (d *desk) verifyMany(ctx context.Context, opts verifyOptions) error {
	folders, err := d.readings(opts)
	if err != nil {
		return err
	}
	policy, err := d.policy(opts.inspectOptions)
	if err != nil {
		return err
	}
	now, count := time.Now(), tally{of: len(folders)}
	defer d.clearProgress()
	for one := range inOrder(folders, func(folder string) judged { return judgeStored(policy, folder, now) }) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		count.add(one)
		if err := d.tell(one); err != nil {
			return err
		}
		if d.showsProgress() && count.done%20 == 0 {
			fmt.Fprintf(d.err, "\rjudged %d of %d", count.done, count.of)
		}
	}
	d.clearProgress()
	if bad := count.done - count.genuine; bad > 0 {
		return withCode(exitSome, fmt.Errorf("%d of %v", bad, count))
	}
	d.note("%v", count)
	return nil
}

// showsProgress tells whether a progress line stands on the terminal: where the results go to it, they are the progress.
func (d *desk) showsProgress() bool { return terminal(d.err) && !terminal(d.out) }

func (d *desk) clearProgress() {
	if d.showsProgress() {
		fmt.Fprint(d.err, "\r\x1b[K")
	}
}

// readings gives the folders that are to be judged.
func (d *desk) readings(opts verifyOptions) ([]string, error) {
	if opts.all == "" {
		return opts.folders, nil
	}
	entries, err := os.ReadDir(opts.all)
	if err != nil {
		return nil, withCode(exitInput, err)
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() {
			folders = append(folders, filepath.Join(opts.all, e.Name()))
		}
	}
	if len(folders) == 0 {
		return nil, withCode(exitInput, fmt.Errorf("%s holds no folder that could be a reading", opts.all))
	}
	if rest := len(entries) - len(folders); rest > 0 {
		d.note("%d entries of %s are no folders and were passed over", rest, printable(opts.all))
	}
	return folders, nil
}

func judgeStored(policy reader.Policy, folder string, now time.Time) judged {
	reading, err := reader.Load(folder)
	if err != nil {
		return judged{Folder: folder, Error: plain(err.Error())}
	}
	verdict := told(policy.Verify(reading, now))
	return judged{Folder: folder, Verdict: &verdict}
}

// tell prints one line.
func (d *desk) tell(one judged) error {
	if d.json {
		return d.encode(one, "")
	}
	return d.print(one, func(w io.Writer) { fmt.Fprintln(w, one) })
}

// String is the line for the operator: what was found, and for what reason it is not genuine.
func (j judged) String() string {
	if j.Verdict == nil {
		return fmt.Sprintf("%s  no reading  %s", printable(j.Folder), printable(j.Error))
	}
	line := fmt.Sprintf("%s  %s  %s", printable(j.Folder), j.Verdict.Verdict, j.Status)
	if reason, ok := j.Reason(); ok {
		line += fmt.Sprintf("  %s %s: %s", reason.Name, reason.Result, printable(reason.Detail))
	}
	return line
}

// tally counts verdicts.
type tally struct {
	of, done                           int
	genuine, notValid, notGenuine, not int // not: no reading
}

func (t *tally) add(one judged) {
	t.done++
	switch {
	case one.Verdict == nil:
		t.not++
	case one.Verdict.Verdict == reader.NotGenuine:
		t.notGenuine++
	case one.Verdict.Verdict == reader.Genuine:
		t.genuine++
		if one.Status != reader.Valid {
			t.notValid++
		}
	}
}

func (t tally) String() string {
	return fmt.Sprintf("%d readings: %d genuine (%d of them not valid), %d not genuine, %d not proven, %d no reading",
		t.done, t.genuine, t.notValid, t.notGenuine, t.done-t.genuine-t.notGenuine-t.not, t.not)
}

// inOrder does some work on many things, on all cores, and gives the results in the order of the things. However many
// there are, no more than a few are under way or wait to be taken.
func inOrder[T, R any](things []T, work func(T) R) iter.Seq[R] {
	return func(yield func(R) bool) {
		results, stop := make(chan chan R, 2*runtime.GOMAXPROCS(0)), make(chan struct{})
		defer close(stop)
		go func() {
			defer close(results)
			for _, thing := range things {
				result := make(chan R, 1)
				select {
				case results <- result:
				case <-stop:
					return
				}
				go func() { result <- work(thing) }()
			}
		}()
		for result := range results {
			if !yield(<-result) {
				return
			}
		}
	}
}
