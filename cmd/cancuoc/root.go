package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/regular"
)

// streams are what a command reads and writes: results on out, everything else on err.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// terminal tells whether a stream is one, for progress and prompts.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// desk is what every command shares: the streams and the global flags.
type desk struct {
	streams
	station string
	json    bool
	trace   string

	record     string   // the file of --record
	recipients []string // who may read it, each a key of age or a file of them
	command    string   // the name of the command that runs

	stdin     io.Reader // in, until the context ends
	traceFile *os.File
	recording *recording // once a card is to be opened
}

// interruptible is a reader that gives up waiting when ctx ends.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i interruptible) Read(p []byte) (int, error) {
	type result struct {
		b   []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		b := make([]byte, len(p))
		n, err := i.r.Read(b)
		done <- result{b[:n], err}
	}()
	select {
	case r := <-done:
		return copy(p, r.b), r.err
	case <-i.ctx.Done():
		return 0, i.ctx.Err()
	}
}

const longHelp = `cancuoc issues chip identity cards and lets anyone check them.

A station is a folder with a register, a signing authority and a configuration; make one with
"cancuoc init". Cards are named sim:FILE (a simulated card in a file; a blank one is made if there is
none), sim:DIR/ (when issuing: a file of its own for each order) or pcsc:NAME (the card in the reader
with NAME in its name; nothing after the colon: the one reader that holds a card). For trials a
simulated card takes a fault: sim:FILE?fault=cut@12 loses its power at the twelfth command.

--record FILE keeps the whole dialogue with a card, and replay:FILE plays it back as a card, so that a fault can
be sent to who mends it. A recording holds all that is on the card: it is sealed for each --recipient, and in the
clear only where the station's authorities are all specimens. In the clear it grows with each command; what is
sealed goes to the disk in pieces of 64 KiB, and of a program that is killed the last piece is missing. A sealed
one is opened with replay:FILE?identity=KEYFILE, else with the key that $CANCUOC_AGE_IDENTITY names. A command that
plays must be given what it was given then: the same access key, or a copy of the station, the order signed already.

Results go to standard output, everything else to standard error.`

// run executes one command line and gives the exit code.
func run(ctx context.Context, args []string, s streams) int {
	d := &desk{streams: s, stdin: interruptible{ctx, s.in}}
	root := newRoot(d)
	root.SetArgs(args)
	defer d.closeRecording() // if we break down: one that is sealed ends with its last exchange all the same
	err := root.ExecuteContext(ctx)
	d.closeTrace()
	err = d.endRecording(ctx, err)
	if err != nil {
		code := exitCode(ctx, err)
		if !isSilent(err) {
			fmt.Fprintf(d.err, "cancuoc: %s\n", printable(sentence(err, code)))
			for _, line := range inVietnamese(err) {
				fmt.Fprintln(d.err, line)
			}
		}
		return code
	}
	return 0
}

func newRoot(d *desk) *cobra.Command {
	root := &cobra.Command{
		Use: "cancuoc", Short: "Issue chip identity cards and check them", Long: longHelp, Version: version(),
		SilenceErrors: true, SilenceUsage: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(d.in)
	root.SetOut(d.out)
	root.SetErr(d.err)
	flags := root.PersistentFlags()
	flags.StringVar(&d.station, "station", defaultStation(), "folder of the station (else $CANCUOC_STATION, else .)")
	flags.BoolVar(&d.json, "json", false, "print results as JSON")
	flags.StringVar(&d.trace, "trace", "", "append to `FILE` one line per command to a card, without bodies")
	flags.StringVar(&d.record, "record", "", "keep the whole dialogue with the card in the new `FILE`, for --card replay:FILE")
	flags.StringArrayVar(&d.recipients, "recipient", nil, "who may read the recording: a public `KEY` of age, age1..., or a file of such; may be repeated")
	completeFlag(root, "recipient", func(string) []string { return nil })
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return d.named(cmd) }
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return withCode(exitUsage, err) })
	root.SetHelpTemplate(root.HelpTemplate() + exitCodesHelp)
	root.AddCommand(newInitCommand(d), newOrderCommand(d), newIssueCommand(d), newPrintCommand(d), newReadCommand(d), newVerifyCommand(d), newFilesCommand(d),
		newRenderCommand(d), newLayoutCommand(d), newMRZCommand(d), newNumberCommand(d), newQRCommand(d), newReadersCommand(d), newChipCommand(d), newAPDUCommand(d),
		newSimulateCommand(d), newPKICommand(d), newDoctorCommand(d), newDemoCommand(d))
	root.AddCommand(newSampleCommand(d), newGuideCommand(d))
	usageErrors(root)
	return root
}

// named keeps the name of the command that runs, and what its recording would be.
func (d *desk) named(cmd *cobra.Command) error {
	d.command = cmd.CommandPath()
	if d.record == "" && len(d.recipients) > 0 {
		return withCode(exitUsage, errors.New("--recipient says who may read a recording: name its file with --record"))
	}
	return nil
}

// version is what the build says of itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return info.Main.Version
}

// group is a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		cmd.SetOut(cmd.ErrOrStderr())
		_ = cmd.Help()
		return withCode(exitUsage, fmt.Errorf("what of %s? name one of its commands", cmd.CommandPath()))
	}}
	cmd.AddCommand(commands...)
	return cmd
}

// usageErrors gives what is wrong with the arguments of any command the exit code of usage.
func usageErrors(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return withCode(exitUsage, fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath()))
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		usageErrors(sub)
	}
}

func defaultStation() string {
	if dir := os.Getenv("CANCUOC_STATION"); dir != "" {
		return dir
	}
	return "."
}

// print writes a result: as JSON when that was asked for, else as the text that write makes of it.
func (d *desk) print(result any, write func(w io.Writer)) error {
	if !d.json {
		out := &failing{w: d.out}
		write(out)
		return out.err
	}
	return d.encode(result, "  ")
}

// encode writes one JSON value and a new line.
func (d *desk) encode(value any, indent string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", indent)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return err
	}
	if _, err := d.out.Write(escaped(b.Bytes())); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// failing remembers the first error of a writer, so that a full disk does not pass for success.
type failing struct {
	w   io.Writer
	err error
}

func (f *failing) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if f.err == nil && err != nil {
		f.err = fmt.Errorf("write the result: %w", err)
	}
	return n, err
}

// note writes a line for the operator.
func (d *desk) note(format string, args ...any) { fmt.Fprintf(d.err, format+"\n", args...) }

// tracing opens the trace file, once. Where none was asked for the trace watches nothing.
func (d *desk) tracing() (apdu.Trace, error) {
	if d.trace == "" {
		return apdu.Trace{}, nil
	}
	if d.traceFile == nil {
		f, err := os.OpenFile(d.trace, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return apdu.Trace{}, withCode(exitUsage, fmt.Errorf("--trace: %w", err))
		}
		d.traceFile = f
	}
	return apdu.Trace{W: d.traceFile}, nil
}

func (d *desk) closeTrace() {
	if d.traceFile != nil {
		d.traceFile.Close()
	}
}

// input reads a whole argument that is text itself, or "-" for standard input; at most a megabyte.
func (d *desk) input(arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	return readText(d.stdin)
}

// file reads a whole small file, or "-" for standard input.
func (d *desk) file(name string) (string, error) {
	if name == "-" {
		return readText(d.stdin)
	}
	f, err := regular.Open(name)
	if err != nil {
		return "", withCode(exitInput, err)
	}
	defer f.Close()
	return readText(f)
}

func readText(r io.Reader) (string, error) {
	const most = 1 << 20
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if errors.Is(err, context.Canceled) {
		return "", err
	}
	if err != nil {
		return "", withCode(exitInput, err)
	}
	if len(b) > most {
		return "", withCode(exitInput, fmt.Errorf("the input is longer than %d bytes", most))
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// shown gives a path as the operator wrote it or a shorter one.
func shown(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}
