package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
)

type apduOptions struct {
	commands   []string
	card, file string
	explain    string
	yes, check bool
}

func newAPDUCommand(d *desk) *cobra.Command {
	var opts apduOptions
	cmd := &cobra.Command{
		Use: "apdu [HEX... | --file FILE] --card REF", Short: "Send commands to a card and show what it answers",
		Long: `Send commands to a card as they stand, and show of each its name, the answer and what its status word means. A command is
hexadecimal, with or without spaces; "reset" resets the card. Commands are arguments, or the lines of a FILE (- for
standard input), where # begins a comment; all are checked before the first is sent. Without either they are asked for at the
terminal until you say quit, and with --json each is then one object on a line. 61XX and 6CXX are not followed: send GET RESPONSE, or the command again.

What no other command can undo (PUT KEY, DELETE, TERMINATE, SET STATUS of the card, the lock of an applet) is sent only with
--yes. --explain says what a status word or a command means, and needs no card.`,
		Example: `  cancuoc apdu --card sim:card.sim 00A4040C07A0000002471001 '00 84 00 00 08'
  cancuoc apdu --card sim:card.sim --file commands.txt --check
  cancuoc apdu --card pcsc: --json 80CA9F7F00
  cancuoc apdu --card pcsc:
  cancuoc apdu --explain 6A88`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.commands = args
			return runAPDU(cmd.Context(), d, opts)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	addCardFlag(cmd, &opts.card)
	cmd.Flags().StringVar(&opts.file, "file", "", "send the commands in `FILE`, one a line (- for standard input)")
	cmd.Flags().StringVar(&opts.explain, "explain", "", "say what a status word or a command means: `HEX`")
	cmd.Flags().BoolVar(&opts.yes, "yes", false, "send also what cannot be undone")
	cmd.Flags().BoolVar(&opts.check, "check", false, "stop, with exit code 1, at the first answer that is not 9000")
	completeFlag(cmd, "explain", func(string) []string { return nil })
	return cmd
}

// request is one thing to do with a card: a reset, or a command, where it stands.
type request struct {
	where string // empty at the prompt
	raw   []byte // nil for a reset
	cmd   apdu.Command
}

// exchanged is the result of one request.
type exchanged struct {
	Name     string  `json:"name"`
	Command  string  `json:"command,omitempty"`
	Response string  `json:"response,omitempty"`
	SW       string  `json:"sw,omitempty"`
	Meaning  string  `json:"meaning,omitempty"`
	Took     float64 `json:"took_ms"`
}

func runAPDU(ctx context.Context, d *desk, opts apduOptions) error {
	if opts.explain != "" {
		if opts.card != "" || opts.file != "" || len(opts.commands) > 0 {
			return withCode(exitUsage, errors.New("--explain sends nothing: leave the card and its commands out"))
		}
		return explain(d, opts.explain)
	}
	ref, err := parseRef(opts.card)
	if err != nil {
		return err
	}
	asked := opts.file == "" && len(opts.commands) == 0 && terminal(d.in)
	var requests []request
	if !asked {
		if requests, err = d.requests(opts); err != nil {
			return err
		}
	}
	session, err := d.openAPDU(ctx, ref, opts)
	if err != nil {
		return err
	}
	defer session.card.Close()
	if session.asked = asked; asked {
		err = session.prompt(ctx)
	} else {
		err = session.all(ctx, requests)
	}
	if d.json && !asked {
		err = errors.Join(d.print(session.results, nil), err)
	}
	return err
}

// requests reads what is to be sent, all of it before anything is.
func (d *desk) requests(opts apduOptions) ([]request, error) {
	if len(opts.commands) > 0 && opts.file != "" {
		return nil, withCode(exitUsage, errors.New("give commands as arguments or with --file, not both"))
	}
	lines, where, code := opts.commands, "argument %d: ", exitUsage
	if len(lines) == 0 {
		name := opts.file
		if name == "" {
			name = "-"
		}
		text, err := d.file(name)
		if err != nil {
			return nil, err
		}
		lines, where, code = strings.Split(text, "\n"), strings.ReplaceAll(name, "%", "%%")+":%d: ", exitInput
	}
	var requests []request
	for i, line := range lines {
		r, there, err := parseRequest(line)
		r.where = fmt.Sprintf(where, i+1)
		if err == nil && there {
			err = r.allowed(opts.yes)
		}
		if err != nil {
			return nil, withCode(code, fmt.Errorf("%s%w", r.where, err))
		}
		if there {
			requests = append(requests, r)
		}
	}
	if len(requests) == 0 {
		return nil, withCode(code, errors.New("there is no command to send"))
	}
	return requests, nil
}

// parseRequest reads one line; an empty one, or a comment, is none.
func parseRequest(line string) (r request, there bool, err error) {
	line, _, _ = strings.Cut(line, "#")
	line = strings.TrimSpace(line)
	if line == "" {
		return r, false, nil
	}
	if line == "reset" {
		return r, true, nil
	}
	if r.raw, err = parseHexDigits(line); err != nil {
		return r, true, err
	}
	r.cmd, err = apdu.ParseCommand(r.raw)
	if err != nil && len(r.raw) < 4 {
		err = fmt.Errorf("%w (a command with spaces in it is one argument, in quotes)", err)
	}
	return r, true, err
}

// parseHexDigits reads hexadecimal digits with spaces between them, if any, and says at which character they are none.
func parseHexDigits(text string) ([]byte, error) {
	var digits []byte
	for i, c := range []rune(text) {
		switch {
		case unicode.IsSpace(c):
		case c < 0x80 && strings.ContainsRune("0123456789abcdefABCDEF", c):
			digits = append(digits, byte(c))
		default:
			return nil, fmt.Errorf("character %d is no hexadecimal digit", i+1)
		}
	}
	if len(digits)%2 != 0 {
		return nil, fmt.Errorf("%d hexadecimal digits are no whole bytes", len(digits))
	}
	b := make([]byte, len(digits)/2)
	_, err := hex.Decode(b, digits)
	return b, err
}

// allowed refuses a command that no other undoes, unless that is wanted.
func (r request) allowed(yes bool) error {
	if what := r.cmd.Lasting(); r.raw != nil && what != "" && !yes {
		return fmt.Errorf("%s cannot be undone: %s; nothing was sent: `cancuoc apdu --yes` sends it", r.cmd.Name(), what)
	}
	return nil
}

// apduSession is a card under way.
type apduSession struct {
	*desk
	options apduOptions
	card    station.Dialogue
	wire    apdu.Transmitter
	asked   bool // the user says at a prompt what is sent
	results []exchanged
}

func (d *desk) openAPDU(ctx context.Context, ref cardRef, opts apduOptions) (*apduSession, error) {
	trace, err := d.tracing()
	if err != nil {
		return nil, err
	}
	card, err := d.openCard(ctx, ref, false)
	if err != nil {
		return nil, err
	}
	return &apduSession{desk: d, options: opts, card: card, wire: trace.Wire(card), results: []exchanged{}}, nil
}

func (s *apduSession) all(ctx context.Context, requests []request) error {
	for _, r := range requests {
		if err := s.exchange(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// maxTyped is the longest line that is taken from a terminal: the longest command, with spaces.
const maxTyped = 3*(apdu.MaxExtendedData+9) + 1

// promptHelp says what can be typed.
const promptHelp = "a command in hexadecimal, as in 00A4040C07A0000002471001, or one of these words:\n" +
	"  reset  reset the card\n  help   say what can be said\n  quit   end"

// prompt asks for commands until there are no more.
func (s *apduSession) prompt(ctx context.Context) error {
	lines := bufio.NewScanner(s.stdin)
	lines.Buffer(nil, maxTyped)
	for {
		fmt.Fprint(s.err, "apdu> ")
		if !lines.Scan() {
			fmt.Fprintln(s.err)
			if ctx.Err() != nil {
				return withCode(exitInterrupted, errors.New("interrupted"))
			}
			return lines.Err()
		}
		switch strings.TrimSpace(lines.Text()) {
		case "quit", "exit":
			return nil
		case "help", "?":
			s.note("%s", promptHelp)
			continue
		}
		r, there, err := parseRequest(lines.Text())
		if err == nil && there {
			err = r.allowed(s.options.yes)
		}
		if err != nil {
			s.note("%s", printable(plain(err.Error())))
			continue
		}
		if !there {
			continue
		}
		if err := s.exchange(ctx, r); err != nil {
			return err
		}
	}
}

// exchange does one thing with the card, and shows it.
func (s *apduSession) exchange(ctx context.Context, r request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	start := time.Now()
	result, resp, err := s.send(r)
	if err != nil {
		return cardError(ctx, fmt.Errorf("%s%s: %w", r.where, result.Name, err))
	}
	result.Took = float64(time.Since(start).Microseconds()) / 1000
	if err := s.tell(result); err != nil {
		return err
	}
	if s.options.check && r.raw != nil && resp.SW != apdu.SWOK {
		return withCode(exitFailed, fmt.Errorf("%s%s: %w", r.where, result.Name, resp.SW))
	}
	return nil
}

// tell shows a result, or keeps it for the list that is printed as JSON in the end.
func (s *apduSession) tell(result exchanged) error {
	switch {
	case s.json && s.asked:
		return s.encode(result, "")
	case s.json:
		s.results = append(s.results, result)
		return nil
	}
	out := &failing{w: s.out}
	result.write(out)
	return out.err
}

func (s *apduSession) send(r request) (exchanged, apdu.Response, error) {
	if r.raw == nil {
		return exchanged{Name: "reset"}, apdu.Response{}, s.card.Reset()
	}
	result := exchanged{Name: r.cmd.Name(), Command: fmt.Sprintf("%X", r.raw)}
	answer, err := s.wire.Transmit(r.raw)
	if err != nil {
		return result, apdu.Response{}, err
	}
	resp, err := apdu.ParseResponse(answer)
	result.Response, result.SW, result.Meaning = fmt.Sprintf("%X", resp.Data), fmt.Sprintf("%04X", uint16(resp.SW)), resp.SW.Meaning()
	return result, resp, err
}

func (e exchanged) write(w io.Writer) {
	if e.Command == "" {
		fmt.Fprintf(w, "reset  %.1f ms\n", e.Took)
		return
	}
	fmt.Fprintf(w, "> %s  %s\n", e.Command, e.Name)
	if e.Response != "" {
		fmt.Fprintf(w, "  %s\n", e.Response)
	}
	fmt.Fprintf(w, "< %s  %s  %.1f ms\n", e.SW, orDash(e.Meaning), e.Took)
}

// explained is what --explain says.
type explained struct {
	SW      string `json:"sw,omitempty"`
	Command string `json:"command,omitempty"`
	Name    string `json:"name,omitempty"`
	Meaning string `json:"meaning,omitempty"`
	Lasting string `json:"cannot_be_undone,omitempty"`
}

func explain(d *desk, text string) error {
	b, err := parseHexDigits(text)
	if err != nil {
		return withCode(exitUsage, fmt.Errorf("--explain: %w", err))
	}
	if len(b) == 2 {
		sw := apdu.StatusWord(b[0])<<8 | apdu.StatusWord(b[1])
		result := explained{SW: fmt.Sprintf("%04X", uint16(sw)), Meaning: sw.Meaning()}
		if result.Meaning == "" {
			return withCode(exitInput, fmt.Errorf("%s is no status word with a meaning of its own", result.SW))
		}
		return d.print(result, func(w io.Writer) { fmt.Fprintf(w, "%s  %s\n", result.SW, result.Meaning) })
	}
	cmd, err := apdu.ParseCommand(b)
	if err != nil {
		return withCode(exitUsage, fmt.Errorf("--explain: neither a status word nor a command: %w", err))
	}
	result := explained{Command: fmt.Sprintf("%X", b), Name: cmd.Name(), Lasting: cmd.Lasting()}
	return d.print(result, func(w io.Writer) {
		fmt.Fprintf(w, "%s  %s: %d bytes of data, Ne %d\n", result.Command[:8], result.Name, len(cmd.Data), cmd.Ne)
		if result.Lasting != "" {
			fmt.Fprintf(w, "cannot be undone: %s\n", result.Lasting)
		}
	})
}
