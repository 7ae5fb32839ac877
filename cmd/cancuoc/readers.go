package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/reader/pcsc"
)

func newReadersCommand(d *desk) *cobra.Command {
	var o readersOptions
	cmd := &cobra.Command{
		Use: "readers", Short: "List or watch the card readers, what is in them, and what answers there", Args: cobra.NoArgs,
		Long: `List the card readers: whether a card is in each, its answer to reset (ATR), what that is known as, and what answers on the
card. For that a card that no other program uses is asked which applications it has, and nothing secret; --no-probe leaves
it alone. Names of cards come from this program and from pcsc-tools' smartcard_list.txt where the machine has it. Where there
is no reader, what can be found out about why is said, in English and Vietnamese.

With --watch, a line is printed for each reader that comes or goes and each card that is put in or taken out, until this
command is interrupted; no card is asked anything then. With --json each line is one object.`,
		Example: `  cancuoc readers
  cancuoc readers --json --no-probe
  cancuoc readers --watch`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.watch {
				return runReadersWatch(cmd.Context(), d)
			}
			return runReaders(cmd.Context(), d, o)
		},
	}
	cmd.Flags().BoolVar(&o.watch, "watch", false, "tell of readers and cards that come and go, until interrupted")
	cmd.Flags().BoolVar(&o.noProbe, "no-probe", false, "do not ask the cards what they are")
	return cmd
}

type readersOptions struct {
	watch, noProbe bool
}

type readerResult struct {
	Name   string `json:"name"`
	Card   bool   `json:"card"`
	InUse  bool   `json:"in_use"`
	Shared bool   `json:"shared,omitempty"` // other programs are connected to the card
	Mute   bool   `json:"mute,omitempty"`
	*atrResult
	*probed
}

func runReaders(ctx context.Context, d *desk, o readersOptions) error {
	results, err := d.readersNow(ctx, o)
	if err == nil && slices.ContainsFunc(results, readerResult.left) { // the service does not know it yet
		if err := sleep(ctx, serviceLooks); err != nil {
			return err
		}
		results, err = d.readersNow(ctx, o)
	}
	if err != nil {
		return withCode(exitCard, err)
	}
	if len(results) == 0 {
		d.explainReaders(ctx, pcsc.ErrNoReader)
		d.note("no card reader: plug one in, or start a virtual one (pcscd with the vpcd driver)")
	}
	return d.print(results, func(w io.Writer) {
		for _, r := range results {
			r.write(w)
		}
	})
}

// serviceLooks is a little longer than pcscd takes from one look at its readers to the next.
const serviceLooks = 600 * time.Millisecond

func (d *desk) readersNow(ctx context.Context, o readersOptions) ([]readerResult, error) {
	found, err := pcsc.Readers(ctx)
	if err != nil {
		return nil, err
	}
	results := []readerResult{}
	for _, r := range found {
		result := newReaderResult(r)
		if !o.noProbe {
			result.probed = d.probe(ctx, r)
		}
		results = append(results, result)
	}
	return results, nil
}

func newReaderResult(r pcsc.Reader) readerResult {
	result := readerResult{Name: r.Name, Card: r.Card, InUse: r.InUse, Shared: r.Shared && !r.InUse, Mute: r.Mute}
	if len(r.ATR) > 0 {
		result.atrResult = newATRResult(r.ATR)
	}
	return result
}

// left tells whether the card was taken out while it was asked.
func (r readerResult) left() bool { return r.probed != nil && r.probed.left }

func (r readerResult) write(w io.Writer) {
	fmt.Fprintf(w, "%s: %s\n", printable(r.Name), r.state())
	if r.atrResult != nil {
		r.atrResult.write(w)
	}
	if r.probed != nil {
		r.probed.write(w)
	}
}

func (r readerResult) state() string {
	state := "no card"
	switch {
	case r.Mute:
		state = "card that does not answer / thẻ không trả lời"
	case r.atrResult != nil:
		state = "card, ATR " + r.ATR
	case r.Card:
		state = "card"
	}
	if r.InUse {
		state += ", in use"
	} else if r.Shared {
		state += ", in use by others too"
	}
	return state
}

// explainReaders says what can be found out about an error of the smart card service, and both in Vietnamese.
func (d *desk) explainReaders(ctx context.Context, err error) {
	if text := pcsc.Vietnamese(err); text != "" {
		d.note("%s", text)
	}
	for _, p := range pcsc.ThisMachine(ctx).Why(err) {
		d.note("%s: %s", printable(p.What), printable(p.Mend))
		d.note("%s", printable(p.Vietnamese))
	}
}

// readerEvent is one line of watching.
type readerEvent struct {
	Time   time.Time      `json:"time"`
	Event  pcsc.EventKind `json:"event"`
	Reader string         `json:"reader,omitempty"`
	Mute   bool           `json:"mute,omitempty"`
	*atrResult
	Problem    string `json:"problem,omitempty"`
	Vietnamese string `json:"vietnamese,omitempty"`
}

func runReadersWatch(ctx context.Context, d *desk) error {
	for event, err := range pcsc.Watch(ctx) {
		if err != nil {
			return withCode(exitCard, err)
		}
		if err := d.tellEvent(newReaderEvent(event)); err != nil {
			return err
		}
		if event.Problem != nil {
			d.explainReaders(ctx, event.Problem)
		}
	}
	return nil
}

func newReaderEvent(e pcsc.Event) readerEvent {
	line := readerEvent{Time: time.Now(), Event: e.Kind, Reader: e.Reader.Name, Mute: e.Reader.Mute}
	if e.Kind == pcsc.Inserted && len(e.Reader.ATR) > 0 {
		line.atrResult = newATRResult(e.Reader.ATR)
	}
	if e.Problem != nil {
		line.Problem, line.Vietnamese = plain(e.Problem.Error()), pcsc.Vietnamese(e.Problem)
	}
	return line
}

func (d *desk) tellEvent(e readerEvent) error {
	if d.json {
		return d.encode(e, "")
	}
	out := &failing{w: d.out}
	fmt.Fprintf(out, "%s  %s\n", e.Time.Format(time.TimeOnly), e.text())
	return out.err
}

func (e readerEvent) text() string {
	name := printable(e.Reader)
	switch e.Event {
	case pcsc.ReaderAdded:
		return name + ": reader is there"
	case pcsc.ReaderGone:
		return name + ": reader is gone"
	case pcsc.Removed:
		return name + ": card taken out"
	case pcsc.ServiceGone:
		return "service gone: " + printable(e.Problem)
	case pcsc.ServiceBack:
		return "service is back"
	}
	text := name + ": card put in"
	switch {
	case e.Mute:
		text += ", which does not answer / thẻ không trả lời"
	case e.atrResult != nil:
		text += ", ATR " + e.ATR
		if len(e.KnownAs) > 0 {
			text += ", " + printable(e.KnownAs[0])
		}
	}
	return text
}

// whyNoReader gives what can be found out about an error that says that reader or service is missing, for one line.
func whyNoReader(err error) string {
	var reasons []string
	for _, p := range whyNone(err) {
		reasons = append(reasons, "; "+p.What+": "+p.Mend)
	}
	return strings.Join(reasons, "")
}

// whyNone gives the reasons, on this machine, of an error that says that reader or service is missing.
func whyNone(err error) []*pcsc.Problem {
	if !errors.Is(err, pcsc.ErrNoReader) && !errors.Is(err, pcsc.ErrNoService) && !errors.Is(err, pcsc.ErrDenied) {
		return nil
	}
	return pcsc.ThisMachine(context.Background()).Why(err)
}

func upperHex(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
